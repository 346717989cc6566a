package dev.lockstep.reconciler.building;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildTest;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of what was built, and what builds and they may have of the host, with the real engine. */
class TestedBuildsIT {
    @TempDir
    private Path directory;

    private QueueLab lab;

    @BeforeEach
    void open() throws IOException {
        lab = QueueLab.create(directory);
        lab.file("lockstep.yaml", QueueLab.ENTRY);
    }

    @AfterEach
    void close() throws IOException {
        lab.closeEmpty();
    }

    @Test
    void an_image_counts_when_its_test_passes_and_reports_are_kept_whether_it_does_or_not() throws Exception {
        lab.file("app/Dockerfile", "FROM busybox\nARG N=1\nENV N=$N\nENTRYPOINT [\"/bin/false\"]\n");
        var commit = lab.commit("one");
        lab.test = QueueLab.test(
                "mkdir /reports; echo \"N is $N\" | tee /reports/n; test $N != 3",
                Duration.ofMinutes(1),
                Map.of("N", List.of("1", "2", "3")));
        lab.build(lab.order("v1", commit));

        assertThat(lab.record(1).problem()).isEqualTo("[N=3] the test failed with exit code 1");
        assertThat(lab.image("shop:v1")).isEmpty();
        assertThat(lab.log(1)).contains("\nN is 1\n", "[N=2] N is 2\n", "[N=3] N is 3\n");
        assertThat(lab.records().reports(1).resolve("reports/n")).hasContent("N is 1\n");

        lab.test = QueueLab.test(
                "mkdir /reports; ln -s /etc/passwd /reports/way-out; test $N = 1", Duration.ofMinutes(1), Map.of());
        try (var queue = lab.queue()) {
            queue.start();
            assertThat(queue.retry(1)).isInstanceOf(BuildQueue.Retried.Queued.class);
            assertThat(queue.retry(7)).isEqualTo(new BuildQueue.Retried.No("there is no build 7"));
            assertThat(queue.awaitIdle(Duration.ofMinutes(5))).isTrue();
        }
        var again = lab.record(2);
        assertThat(again.state()).isEqualTo(BuildRecord.State.SUCCEEDED);
        assertThat(again.occasion()).isEqualTo(new Occasion(Occasion.Kind.RETRY, "refs/tags/v1", commit));
        assertThat(lab.image("shop:v1")).isPresent();
        assertThat(lab.records().reports(2).resolve("reports/way-out")).isSymbolicLink();

        lab.test = QueueLab.test("sleep 1000000", Duration.ofSeconds(1), Map.of());
        lab.build(lab.order("v2", commit));
        assertThat(lab.record(3).problem()).isEqualTo("the test was not over after 1s");
    }

    @Test
    void a_combination_that_cannot_be_built_calls_no_other_off() throws Exception {
        lab.file(
                "app/Dockerfile",
                "FROM busybox\nARG N=1\nENV N=$N\nRUN if [ $N = 3 ]; then sleep 4; fi; test $N != 2\n");
        lab.test = QueueLab.test("echo \"N is $N\"", Duration.ofMinutes(1), Map.of("N", List.of("1", "2", "3")));
        lab.build(lab.order("v1", lab.commit("one")));

        assertThat(lab.record(1).problem()).startsWith("[N=2] ").endsWith("exit code: 1");
        assertThat(lab.log(1)).contains("\nN is 1\n", "[N=3] N is 3\n");
        assertThat(lab.image("shop:v1")).isEmpty();
    }

    @Test
    void reports_of_one_test_are_no_way_out_for_those_of_another() throws Exception {
        var outside = Files.createDirectory(directory.resolve("outside"));
        lab.file("app/Dockerfile", "FROM busybox\nARG N=1\nENV N=$N\n");
        // What it leaves is bigger, so the link is there first.
        var script = "mkdir /r; if [ $N = 1 ]; then ln -s " + outside + " /r/build-1-test-1;"
                + " else head -c 67108864 /dev/zero > /r/big; echo evil > /r/evil; fi";
        lab.test = Optional.of(new BuildTest(
                List.of("/bin/sh", "-c", script),
                Optional.empty(),
                Duration.ofMinutes(5),
                Optional.of("/r/."),
                Map.of("N", List.of("2"))));
        lab.build(lab.order("v1", lab.commit("one")));

        assertThat(lab.record(1).state()).isEqualTo(BuildRecord.State.SUCCEEDED);
        assertThat(outside).isEmptyDirectory();
    }

    @Test
    void a_test_runs_as_a_service_would_with_networks_and_volumes_of_its_own() throws Exception {
        lab.file("app/Dockerfile", "FROM busybox\n");
        lab.file("password", "sesame");
        lab.file("hook", "#!/bin/sh\necho hooked\n");
        Files.setPosixFilePermissions(
                directory.resolve(QueueLab.REPOSITORY).resolve("hook"), PosixFilePermissions.fromString("rwxr-xr-x"));
        var compose = """
                name: shop
                services:
                  web:
                    image: shop:anything
                    environment: {MODE: careful}
                    ports: ["127.0.0.1:9:80"]
                    volumes: ["data:/data"]
                    secrets: [password, token]
                    configs: [hook]
                volumes: {data: {}}
                configs: {hook: {file: hook}}
                secrets: {password: {file: password}, token: {external: true}}
                """;
        lab.file("compose.yaml", compose);
        lab.secrets().set("shop", "token", "hunter22".getBytes(StandardCharsets.UTF_8));
        var commit = lab.commit("one");
        lab.test = Optional.of(new BuildTest(
                List.of(
                        "/bin/sh",
                        "-c",
                        "echo $MODE $(cat /run/secrets/password /run/secrets/token) $(ls /data | wc -l); touch /data/x; /hook; ip route"),
                Optional.of("web"),
                Duration.ofMinutes(1),
                Optional.empty(),
                Map.of()));
        lab.build(lab.order("v1", commit));
        assertThat(lab.record(1).problem()).isEmpty();
        // It has both secrets, which the log does not tell.
        assertThat(lab.log(1))
                .contains("careful ****** 0\n", "hooked\n", "default via")
                .doesNotContain("sesame", "hunter22");
        assertThat(lab.engine.volumes().list()).isEmpty();
        assertThat(directory.resolve("state/stacks/build-1-test")).doesNotExist();

        lab.file("compose.yaml", compose.replace("    environment:", "    privileged: true\n    environment:"));
        lab.build(lab.order("v2", lab.commit("wants to be root")));
        assertThat(lab.record(2).problem())
                .contains("service \"web\" of stack shop cannot be run here: ", "privileged", "This host");
        assertThat(lab.image("shop:v2")).isEmpty();
    }

    @Test
    void steps_and_tests_have_the_memory_and_the_processes_that_the_owner_gives_builds() throws Exception {
        lab.policy = QueueLab.policy("memory: 128m, pids: 100");
        // Two at once, each below what one may have; what is in memory alone cannot be put aside.
        lab.file("app/Dockerfile", """
                FROM busybox AS a
                RUN --mount=type=tmpfs,target=/t dd if=/dev/zero of=/t/x bs=1M count=400 && sleep 1000000
                FROM busybox AS b
                RUN --mount=type=tmpfs,target=/t dd if=/dev/zero of=/t/x bs=1M count=400 && sleep 1000000
                FROM busybox
                COPY --from=a /etc/passwd /a
                COPY --from=b /etc/passwd /b
                """);
        lab.build(lab.order("v1", lab.commit("memory")));
        assertThat(lab.record(1).problem())
                .contains("builds may have 128 MiB of memory together; memory below builds of agent.yaml allows more");

        lab.file(
                "app/Dockerfile",
                "FROM busybox\nRUN i=0; while [ $i -lt 300 ]; do sleep 1000000 & i=$((i+1)); done; echo made all of them\n");
        lab.build(lab.order("v2", lab.commit("forks")));
        assertThat(lab.record(2).state()).isEqualTo(BuildRecord.State.FAILED);
        assertThat(lab.log(2)).contains("can't fork").doesNotContain("\nmade all of them");

        lab.file("app/Dockerfile", "FROM busybox\n");
        var calm = lab.commit("calm");
        lab.test = QueueLab.test(
                "dd if=/dev/zero of=/dev/shm/x bs=1M count=400; i=0; while [ $i -lt 300 ]; do sleep 1000000 &"
                        + " i=$((i+1)); done",
                Duration.ofMinutes(1),
                Map.of());
        lab.build(lab.order("v3", calm));
        assertThat(lab.record(3).state()).isEqualTo(BuildRecord.State.FAILED);
        assertThat(lab.log(3)).contains("can't fork");
        lab.test = QueueLab.test(
                "head -c 400000000 /dev/zero | tail -c 399999999 > /dev/null", Duration.ofMinutes(1), Map.of());
        lab.build(lab.order("v4", calm));
        assertThat(lab.record(4).problem()).isEqualTo("the test failed with exit code 137");
        assertThat(lab.limits().exists()).isFalse();

        lab.test = Optional.empty();
        lab.limits().below("held").create(); // as a killed agent leaves it
        try (var _ = lab.queue()) {
            assertThat(lab.limits().exists()).isFalse();
        }
    }

    @Test
    void a_test_has_the_services_that_its_service_depends_on_and_they_go_with_it() throws Exception {
        lab.file("app/Dockerfile", "FROM busybox\n");
        var compose = """
                name: shop
                services:
                  web:
                    image: shop:anything
                    depends_on:
                      db: {condition: service_healthy}
                      migrated: {condition: service_completed_successfully}
                  db:
                    image: busybox
                    container_name: the-db
                    command: sh -c "echo 'one row' > /data/rows; sleep 1; touch /tmp/ready; exec httpd -f -p 5432 -h /data"
                    healthcheck: {test: test -e /tmp/ready, interval: 200ms, retries: 100}
                    ports: ["127.0.0.1:9:5432"]
                    volumes: ["rows:/data"]
                    networks: {default: {ipv4_address: 10.213.7.9}}
                  migrated:
                    image: busybox
                    command: wget -qO- http://db:5432/rows
                    depends_on: {db: {condition: service_healthy}}
                  other: {image: nobody-has-it}
                networks: {default: {name: shop-net, ipam: {config: [{subnet: 10.213.7.0/24}]}}}
                volumes: {rows: {name: shop-rows}}
                """;
        lab.file("compose.yaml", compose);
        var commit = lab.commit("one");
        lab.test = Optional.of(new BuildTest(
                List.of("/bin/sh", "-c", "wget -qO- http://db:5432/rows && wget -qO- http://the-db:5432/rows"),
                Optional.of("web"),
                Duration.ofMinutes(1),
                Optional.empty(),
                Map.of()));
        lab.build(lab.order("v1", commit));
        assertThat(lab.record(1).problem()).isEmpty();
        assertThat(lab.log(1)).contains("\none row\none row\n");
        assertNothingOfTests();

        lab.file(
                "compose.yaml",
                compose.replace("wget -qO- http://db:5432/rows\n", "sh -c 'echo no such table; exit 4'\n"));
        lab.build(lab.order("v2", lab.commit("cannot be migrated")));
        assertThat(lab.record(2).problem())
                .isEqualTo("what service \"web\" depends on does not come up: service migrated did not complete"
                        + " successfully: exit code 4");
        assertThat(lab.log(2)).contains("migrated | no such table");
        assertThat(lab.image("shop:v2")).isEmpty();
        assertNothingOfTests();

        lab.file("compose.yaml", compose.replace("touch /tmp/ready", "true"));
        var endless = lab.commit("never ready");
        lab.test = Optional.of(
                new BuildTest(List.of("true"), Optional.of("web"), Duration.ofSeconds(3), Optional.empty(), Map.of()));
        lab.build(lab.order("v3", endless));
        assertThat(lab.record(3).problem()).startsWith("what service \"web\" depends on does not come up: ");
        assertNothingOfTests();
    }

    @Test
    void a_test_waits_for_the_images_of_its_services_that_are_being_built() throws Exception {
        lab.policy = QueueLab.policy("parallel: 1");
        var settings = """
                builds:
                  app:
                    image: shop
                    tags: ['{{tag}}']
                    context: app
                    when: {tags: ['v*']}
                    test: {service: web, command: [sh, -c, 'until wget -qO- http://db:5432/row; do usleep 100000; done']}
                  db: {image: shop-db, tags: ['{{tag}}'], when: {tags: ['v*']}, context: db}
                """;
        lab.file("lockstep.yaml", settings);
        lab.file("app/Dockerfile", "FROM busybox\n");
        lab.file("db/Dockerfile", "FROM busybox\nRUN echo 'a row' > /row\nCMD httpd -f -p 5432 -h /\n");
        var compose = """
                name: shop
                services:
                  web: {image: 'shop:v1', depends_on: [db, worker]}
                  worker: {image: 'shop:v1', command: sleep 1000000, init: true}
                  db: {image: 'shop-db:v1', init: true}
                """;
        lab.file("compose.yaml", compose);
        var commit = lab.commit("one");
        // The last one of them is built first.
        lab.build(lab.order("app", "v1", commit), lab.order("db", "v1", commit));
        assertThat(lab.said)
                .contains(
                        "build 2 of shop:v1 waits: service \"db\", which it depends on, waits for build 1 of shop-db:v1");
        assertThat(lab.record(1).state()).isEqualTo(BuildRecord.State.SUCCEEDED);
        assertThat(lab.record(2).problem()).isEmpty();
        assertThat(lab.record(2).state()).isEqualTo(BuildRecord.State.SUCCEEDED);
        assertThat(lab.log(2)).contains("\na row\n");
        assertNothingOfTests();

        lab.file("db/Dockerfile", "FROM busybox\nRUN false\n");
        lab.file("compose.yaml", compose.replace("v1", "v2"));
        var broken = lab.commit("cannot be built");
        lab.build(lab.order("app", "v2", broken), lab.order("db", "v2", broken));
        assertThat(lab.record(4).problem())
                .startsWith("service \"db\", which it depends on, build 3 of shop-db:v2 failed: ");

        lab.file(
                "lockstep.yaml",
                settings.replace("context: db}", "context: db, test: {service: db, command: ['true']}}"));
        lab.file("db/Dockerfile", "FROM busybox\n");
        lab.file(
                "compose.yaml",
                compose.replace("v1", "v3").replace("db: {", "db: {depends_on: [other], ")
                        + "  other: {image: 'shop:v3'}\n");
        var circle = lab.commit("each needs the other");
        lab.build(lab.order("app", "v3", circle), lab.order("db", "v3", circle));
        assertThat(lab.record(6).problem())
                .isEqualTo("service \"db\", which it depends on, waits for build 5 of shop-db:v3,"
                        + " which waits for this one: neither can be tested before the other");
        assertThat(lab.record(5).problem()).contains("build 6 of shop:v3 failed");
        assertNothingOfTests();
    }

    @Test
    void a_test_waits_for_the_images_that_its_services_mount() throws Exception {
        lab.policy = QueueLab.policy("parallel: 1");
        lab.file("lockstep.yaml", """
                builds:
                  app:
                    image: shop
                    tags: ['{{tag}}']
                    context: app
                    when: {tags: ['v*']}
                    test: {service: web, command: [sh, -c, 'cat /www/page; until wget -qO- http://db:5432/page; do usleep 100000; done']}
                  pages: {image: shop-pages, tags: ['{{tag}}'], when: {tags: ['v*']}, context: pages}
                """);
        lab.file("app/Dockerfile", "FROM busybox\n");
        lab.file("pages/Dockerfile", "FROM busybox\nRUN echo 'a page' > /page\n");
        lab.file("compose.yaml", """
                name: shop
                services:
                  web: {image: 'shop:v1', depends_on: [db], volumes: &www [{type: image, source: 'shop-pages:v1', target: /www}]}
                  db: {image: busybox, init: true, command: httpd -f -p 5432 -h /www, volumes: *www}
                """);
        var commit = lab.commit("one");
        lab.build(lab.order("app", "v1", commit), lab.order("pages", "v1", commit));

        assertThat(lab.said)
                .contains(
                        "build 2 of shop:v1 waits: image shop-pages:v1, which service \"db\" mounts, waits for build 1"
                                + " of shop-pages:v1; image shop-pages:v1, which service \"web\" mounts, waits for build 1 of"
                                + " shop-pages:v1");
        assertThat(lab.record(1).state()).isEqualTo(BuildRecord.State.SUCCEEDED);
        assertThat(lab.record(2).problem()).isEmpty();
        assertThat(lab.log(2)).contains("\na page\na page\n");
        assertNothingOfTests();
    }

    @Test
    void what_a_test_depends_on_may_have_the_image_that_is_tested_by_its_other_names() throws Exception {
        lab.file(
                "lockstep.yaml",
                QueueLab.ENTRY.replace(
                        "context: app,",
                        "context: app, test: {service: web, command: [sh, -c, 'until wget -qO- http://worker:80/page; do"
                                + " usleep 100000; done']},"));
        lab.file("app/Dockerfile", "FROM busybox\nRUN echo 'a page' > /page\n");
        lab.file("compose.yaml", """
                name: shop
                services:
                  web: {image: 'shop:v1', depends_on: [worker]}
                  worker:
                    image: 'shop:latest'
                    init: true
                    command: httpd -f -p 80 -h /www
                    volumes: [{type: image, source: 'shop:latest', target: /www}]
                """);
        lab.build(lab.order("v1", lab.commit("one")));

        assertThat(lab.record(1).problem()).isEmpty();
        assertThat(lab.log(1)).contains("\na page\n");
        assertNothingOfTests();
    }

    @Test
    void a_test_is_on_no_network_of_others_and_tells_no_secret_of_its_stack() throws Exception {
        lab.hostPolicy =
                QueueLab.settings("policy: {external: ['network:lan']}").policy();
        lab.secrets().set("shop", "token", "hunter22".getBytes(StandardCharsets.UTF_8));
        lab.file("app/Dockerfile", "FROM busybox\n");
        var compose = """
                name: shop
                services:
                  web:
                    image: shop:anything
                    depends_on: {db: {condition: service_started}}
                    links: ["db:database"]
                    networks: [lan]
                  db:
                    image: busybox
                    command: httpd -f -p 5432 -h /etc
                    networks: [lan]
                    secrets: [token]
                networks: {lan: {external: true}}
                secrets: {token: {external: true}}
                """;
        lab.file("compose.yaml", compose);
        lab.test = Optional.of(new BuildTest(
                List.of("/bin/sh", "-c", "until wget -qO- http://database:5432/passwd; do usleep 100000; done"),
                Optional.of("web"),
                Duration.ofMinutes(1),
                Optional.empty(),
                Map.of()));
        // There is none of that name, and the test does not ask for it.
        lab.build(lab.order("v1", lab.commit("one")));
        assertThat(lab.record(1).problem()).isEmpty();
        assertThat(lab.log(1)).contains("root:x:0");
        assertNothingOfTests();

        lab.file(
                "compose.yaml",
                compose.replace("service_started", "service_completed_successfully")
                        .replace("httpd -f -p 5432 -h /etc", "sh -c 'cat /run/secrets/token; exit 3'"));
        lab.build(lab.order("v2", lab.commit("tells")));
        assertThat(lab.record(2).state()).isEqualTo(BuildRecord.State.FAILED);
        assertThat(lab.log(2)).contains("db | ***").doesNotContain("hunter22");
    }

    @Test
    void a_test_starts_nothing_that_could_write_to_what_the_host_has() throws Exception {
        lab.hostPolicy = QueueLab.settings("policy: {bind-sources: [/srv], external: ['volume:theirs']}")
                .policy();
        lab.file("app/Dockerfile", "FROM busybox\n");
        lab.file("compose.yaml", """
                name: shop
                services:
                  web: {image: shop:anything, depends_on: [db], volumes: ["/srv/web:/web"]}
                  db:
                    image: busybox
                    command: sleep 1000000
                    volumes: ["/srv/rows:/data", "/srv/conf:/conf:ro", "theirs:/x", "disk:/y", "own:/z", "memory:/m"]
                volumes:
                  theirs: {external: true}
                  disk: {driver: local, driver_opts: {type: none, o: bind, device: /srv/disk}}
                  memory: {driver_opts: {type: tmpfs, device: tmpfs}}
                  own: {}
                """);
        var commit = lab.commit("one");
        lab.test = Optional.of(
                new BuildTest(List.of("true"), Optional.of("web"), Duration.ofMinutes(1), Optional.empty(), Map.of()));
        // Somebody's own stack, whatever it is called.
        var theirs = new VolumeSpec("theirs", new Owner("test", "build-1-test", Optional.empty()), Map.of());
        lab.engine.volumes().create(theirs);
        lab.build(lab.order("v1", commit));
        assertThat(lab.record(1).problem()).startsWith("the stack build-1-test of this host has the name");
        lab.build(lab.order("v2", commit));
        assertThat(lab.record(2).problem())
                .contains(
                        "\"db\" could write to /srv/rows of this host, which it has at /data",
                        "\"db\" could write to the external volume theirs, which it has at /x",
                        "\"db\" could write to /srv/disk, which is volume disk, which it has at /y")
                .doesNotContain("/conf", "/z", "/m", "/web");
        assertThat(lab.engine.volumes().list()).hasSize(1);
    }

    @Test
    void what_a_killed_test_has_started_goes_when_the_queue_is_opened_again() throws Exception {
        lab.file("app/Dockerfile", "FROM busybox\n");
        lab.file(
                "lockstep.yaml",
                QueueLab.ENTRY.replace(
                        "context: app,", "context: app, test: {service: web, command: [sleep, '1000000']},"));
        lab.file("compose.yaml", """
                name: shop
                services:
                  web: {image: shop, init: true, depends_on: [db]}
                  db: {image: busybox, init: true, command: sleep 1000000, restart: always, volumes: ["rows:/data"]}
                volumes: {rows: {}}
                """);
        try (var queue = lab.queue()) {
            queue.submit(lab.url(), List.of(lab.order("v1", lab.commit("one"))));
        }
        var worker = QueueWork.start(directory);
        await().atMost(Duration.ofMinutes(3)).until(() -> {
            assertThat(lab.record(1).problem()).isEmpty();
            return lab.engine.containers().observe().stream()
                            .filter(ObservedContainer::isRunning)
                            .count()
                    == 2;
        });
        worker.destroyForcibly();
        assertThat(worker.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(lab.engine.containers().observe()).hasSize(2);

        lab.engine.cleanUp();
        assertThat(lab.limits().exists()).isTrue(); // the two are in it
        try (var _ = lab.queue()) {
            assertNothingOfTests();
            assertThat(lab.limits().exists()).isFalse();
        }
        assertThat(lab.record(1).state()).isEqualTo(BuildRecord.State.QUEUED);
    }

    private void assertNothingOfTests() throws IOException {
        assertThat(lab.engine.containers().observe()).isEmpty();
        assertThat(lab.engine.networks().observe().networks()).isEmpty();
        assertThat(lab.engine.volumes().list()).isEmpty();
    }
}
