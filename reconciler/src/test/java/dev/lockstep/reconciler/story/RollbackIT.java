package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A revision that does not become well is left again, once, and everything is what it was. */
class RollbackIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private Host host;

    @BeforeEach
    void aHost() throws IOException {
        host = new Host(directory);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private static String compose(String level, String end) {
        return """
                services:
                  web:
                    image: web:1
                    command: [sh, -c, "trap 'exit 0' TERM; sleep 1000000 & wait"]
                    environment: {LEVEL: %s}
                    volumes: ["./conf:/conf:ro"]
                    deploy: {replicas: 2, update_config: {parallelism: 0}}
                  app:
                    image: web:1
                    command: [sh, -c, "trap 'exit 0' TERM; %s sleep 1000000 & wait"]
                    environment: {LEVEL: %s}
                    restart: "no"
                """.formatted(level, end, level);
    }

    /** Name, id and file of every container. */
    private String containers() throws IOException {
        var said = new StringBuilder();
        for (var name : new String[] {"shop-app-1", "shop-web-1", "shop-web-2"}) {
            var inspected = host.lockstep("container", "inspect", "-f", "{{.Id}} {{.Config.Env}}", name);
            said.append(name).append(' ').append(inspected.all());
        }
        return said.toString();
    }

    @Test
    @Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void apply_that_waits_gives_a_job_that_hangs_no_more_than_its_time() throws Exception {
        var project = Files.createDirectories(directory.resolve("shop"));
        var compose = """
                services:
                  migrate:
                    image: web:1
                    command: [sh, -c, "exec %s"]
                    stop_grace_period: 0s
                  app:
                    image: web:1
                    command: [sleep, "%s"]
                    stop_grace_period: 0s
                    depends_on: {migrate: {condition: service_completed_successfully}}
                """;
        Files.writeString(project.resolve("compose.yaml"), compose.formatted("true", "1000001"));
        var good = host.lockstepIn(project, "apply", "-y", "--wait", "--wait-timeout", "50");
        assertThat(good.code()).as(good.all()).isZero();

        Files.writeString(project.resolve("compose.yaml"), compose.formatted("sleep 1000002", "1000002"));
        var failed = host.lockstepIn(project, "apply", "-y", "--wait", "--wait-timeout", "10");

        assertThat(failed.code()).as(failed.all()).isEqualTo(4);
        assertThat(failed.all()).contains("container shop-migrate-1 is not done after ", "Rolled back");
    }

    @Test
    void apply_that_waits_brings_back_what_ran_before() throws Exception {
        var project = Files.createDirectories(directory.resolve("shop"));
        Files.writeString(project.resolve("conf"), "one");
        Files.writeString(project.resolve("compose.yaml"), compose("first", ""));
        // Nobody waited then: it counts as well as far as anybody knows.
        assertThat(host.lockstepIn(project, "apply", "-y").code()).isZero();
        var before = containers();

        Files.writeString(
                project.resolve("compose.yaml"),
                compose("second", "exit 3;")
                        .replace("  app:", "  more: {image: 'web:1', command: sleep 9999}\n  app:"));
        var failed = host.lockstepIn(project, "apply", "-y", "--wait");

        assertThat(failed.code()).as(failed.all()).isEqualTo(4);
        assertThat(failed.all()).contains("container shop-app-1 exited (3)").contains("Rolled back");
        // The same containers: they had only stood by.
        assertThat(containers()).isEqualTo(before);
        assertThat(host.pids()).containsOnlyKeys("shop-app-1", "shop-web-1", "shop-web-2");
        assertThat(host.lockstepIn(project, "ps", "-a", "-q").out().lines()).hasSize(3);

        Files.writeString(project.resolve("compose.yaml"), compose("first", ""));
        assertThat(host.lockstepIn(project, "plan", "--detailed-exitcode").code())
                .isZero();
    }

    @Test
    void what_up_has_seen_healthy_is_what_a_later_apply_goes_back_to() throws Exception {
        var project = Files.createDirectories(directory.resolve("shop"));
        var file = project.resolve("compose.yaml");
        Files.writeString(project.resolve("conf"), "one");
        Files.writeString(file, compose("first", ""));
        assertThat(host.lockstepIn(project, "up", "--wait").code()).isZero();
        // What nobody has seen well is nothing to go back to.
        Files.writeString(file, compose("second", "exit 3;"));
        host.lockstepIn(project, "up", "-d");
        assertThat(containers()).contains("LEVEL=second");

        Files.writeString(file, compose("third", "exit 4;"));
        var failed = host.lockstepIn(project, "apply", "-y", "--wait");
        assertThat(failed.code()).as(failed.all()).isEqualTo(4);
        assertThat(containers()).contains("LEVEL=first").doesNotContain("LEVEL=second", "LEVEL=third");
    }

    @Test
    void a_revision_that_ends_after_a_moment_is_not_taken_for_a_good_one() throws Exception {
        try (var repository = new Repository(directory.resolve("shop"))) {
            var once = new String[] {
                "agent", "--once", "--repository", repository.directory().toString(), "--ref", "main", "--host", "test"
            };
            var loop = """
                    services:
                      app: {image: "web:1", command: [sh, -c, "sleep 1; exit 1"], restart: "no"}
                    """;
            repository.commit("Loop", Map.of("compose.yaml", loop));
            assertThat(host.lockstep(once).code()).isEqualTo(3);
            repository.commit("Good", Map.of("compose.yaml", loop.replace("sleep 1; exit 1", "exec sleep 1000000")));
            var good = host.lockstep(once);
            assertThat(good.code()).as(good.all()).isZero();

            var back = host.lockstep("rollback", "shop", "1", "-y");

            assertThat(back.code()).as(back.all()).isEqualTo(3);
            assertThat(back.all()).contains("Applied, but not healthy: container shop-app-1 ");
            assertThat(Files.readString(host.root().resolve("stacks/shop/good.json")))
                    .contains("Good")
                    .doesNotContain("Loop");
        }
    }

    @Test
    void the_agent_leaves_a_bad_commit_and_remembers_it_until_somebody_asks() throws Exception {
        try (var repository = new Repository(directory.resolve("shop"))) {
            var good = repository.commit("Good", Map.of("compose.yaml", compose("first", ""), "conf", "one"));
            var once = new String[] {
                "agent", "--once", "--repository", repository.directory().toString(), "--ref", "main", "--host", "test"
            };
            var first = host.lockstep(once);
            assertThat(first.code()).as(first.all()).isZero();
            var before = containers();

            repository.commit("Bad", Map.of("compose.yaml", compose("second", "exit 3;"), "conf", "two"));
            var failed = host.lockstep(once);
            assertThat(failed.code()).as(failed.all()).isEqualTo(4);
            assertThat(failed.out()).contains("going back to").contains("is back at");
            assertThat(containers()).isEqualTo(before);
            var status = host.lockstep("status").out();
            assertThat(status).contains("rolled-back").contains("exited (3)").contains("sync --retry");
            assertThat(status).contains("\"Good\"");

            // Killed at work on nothing: the commit is not tried again, and what runs is kept in order.
            host.lockstep("-p", "shop", "rm", "-sf", "web");
            var again = host.lockstep(once);
            assertThat(again.code()).as(again.all()).isEqualTo(4);
            assertThat(again.out()).doesNotContain("second").contains("+ container shop-web-1");
            assertThat(host.pids()).containsOnlyKeys("shop-app-1", "shop-web-1", "shop-web-2");

            // The commit that was left is nothing to go back to, and the repair was one of the commit that is kept.
            var none = host.lockstep("rollback", "shop", "--dry-run");
            assertThat(none.code()).as(none.all()).isEqualTo(1);
            assertThat(none.all()).contains("no revision before this one that was well");
            assertThat(host.lockstep("history", "shop").out().lines().filter(line -> line.contains("drift-corrected")))
                    .singleElement(STRING)
                    .contains(" " + good.substring(0, 7) + " ");

            // A commit that changes nothing of the stack is the same revision; one that mends it is not.
            repository.commit("Elsewhere", Map.of("README.md", "nothing"));
            assertThat(host.lockstep(once).out()).doesNotContain("Plan:");
            var agent = host.agent(repository.directory());
            await().atMost(SOON).until(() -> host.agentLog().contains("agent of host test runs"));
            assertThat(host.lockstep("sync").code()).isEqualTo(4);
            assertThat(host.agentLog()).doesNotContain("going back to");
            assertThat(host.lockstep("sync", "--retry").code()).isEqualTo(4);
            assertThat(host.agentLog()).contains("going back to").contains("is back at");

            repository.commit("Mended", Map.of("compose.yaml", compose("second", "")));
            assertThat(host.lockstep("sync").code()).as(host.agentLog()).isZero();
            assertThat(containers()).contains("LEVEL=second");
            host.end(agent, false);
        }
    }

    @Test
    void what_a_person_went_back_to_is_what_a_later_bad_commit_is_left_for() throws Exception {
        try (var repository = new Repository(directory.resolve("shop"))) {
            var once = new String[] {
                "agent", "--once", "--repository", repository.directory().toString(), "--ref", "main", "--host", "test"
            };
            for (var level : new String[] {"first", "second"}) {
                repository.commit(level, Map.of("compose.yaml", compose(level, ""), "conf", level));
                var applied = host.lockstep(once);
                assertThat(applied.code()).as(applied.all()).isZero();
            }
            var shown = host.lockstep("rollback", "--dry-run", "shop");
            assertThat(shown.code()).as(shown.all()).isZero();
            assertThat(shown.out()).contains("\"second\" → \"first\"");
            assertThat(containers()).contains("LEVEL=second").doesNotContain("LEVEL=first");
            var back = host.lockstep("rollback", "-y", "shop");
            assertThat(back.code()).as(back.all()).isZero();
            assertThat(containers()).contains("LEVEL=first").doesNotContain("LEVEL=second");

            repository.commit("Bad", Map.of("compose.yaml", compose("third", "exit 3;")));
            assertThat(host.lockstep("resume", "shop").code()).isZero();
            var failed = host.lockstep(once);
            assertThat(failed.code()).as(failed.all()).isEqualTo(4);
            assertThat(containers()).contains("LEVEL=first").doesNotContain("LEVEL=second", "LEVEL=third");
        }
    }

    @Test
    void a_stack_goes_back_in_the_directory_that_it_is_followed_in() throws Exception {
        try (var repository = new Repository(directory.resolve("infra"))) {
            var settings = Files.writeString(directory.resolve("agent.yaml"), """
                    repositories:
                      - {url: %1$s, ref: main, path: a}
                      - {url: %1$s, ref: main, path: b}
                    """.formatted(repository.directory()));
            var web = "services: {web: {image: 'web:1', command: sleep 100000, environment: {LEVEL: first},"
                    + " stop_grace_period: 0s}}\n";
            repository.commit("First", Map.of("a/stacks/blog/compose.yaml", web, "b/stacks/shop/compose.yaml", web));
            assertThat(of(settings, "agent", "--once").code()).isZero();
            repository.commit("Second", Map.of("b/stacks/shop/compose.yaml", web.replace("first", "second")));
            assertThat(of(settings, "agent", "--once").code()).isZero();

            var back = of(settings, "rollback", "shop", "-y");

            assertThat(back.code()).as(back.all()).isZero();
            assertThat(back.all()).contains("\"First\"");
            assertThat(host.lockstep("container", "inspect", "-f", "{{.Config.Env}}", "shop-web-1")
                            .out())
                    .contains("LEVEL=first");
        }
    }

    private Host.Said of(Path settings, String... words) throws IOException {
        var command = new ArrayList<>(List.of("env", "LOCKSTEP_CONFIG=" + settings));
        command.addAll(host.command(words));
        return host.run(directory, command);
    }

    @Test
    void a_replacement_that_starts_first_never_leaves_its_port_alone() throws Exception {
        var project = Files.createDirectories(directory.resolve("shop"));
        var port = Host.freePort();
        var file = project.resolve("compose.yaml");
        var text = """
                services:
                  web:
                    image: web:1
                    command: [sh, -c, "echo first >/tmp/index.html; httpd -f -p 80 -h /tmp"]
                    stop_signal: SIGKILL
                    ports: ["%d:80"]
                    healthcheck: {test: wget -qO- http://127.0.0.1/, interval: 1s, start_period: 20s, start_interval: 100ms}
                    deploy: {update_config: {order: start-first}}
                """.formatted(port);
        Files.writeString(file, text);
        assertThat(host.lockstepIn(project, "apply", "-y", "--wait").code()).isZero();
        var url = "http://127.0.0.1:" + port + "/";
        var over = new AtomicBoolean();
        var wrong = new StringBuilder();
        var client = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                var said = host.get(url);
                if (!said.equals("first") && !said.equals("second")) {
                    wrong.append(said).append('\n');
                }
            }
        });
        Files.writeString(file, text.replace("first >", "second >"));
        var applied = host.lockstepIn(project, "apply", "-y", "--wait");
        // One that does not become healthy never gets the port.
        Files.writeString(file, text.replace("echo first", "exit 7; echo third"));
        var failed = host.lockstepIn(project, "apply", "-y", "--wait");
        over.set(true);
        client.join();

        assertThat(applied.code()).as(applied.all()).isZero();
        assertThat(failed.code()).as(failed.all()).isEqualTo(4);
        assertThat(host.get(url)).isEqualTo("second");
        // A connection that was open when the port moved is cut; none is refused.
        assertThat(wrong.toString().lines().filter(line -> line.contains("ConnectException")))
                .isEmpty();
    }
}
