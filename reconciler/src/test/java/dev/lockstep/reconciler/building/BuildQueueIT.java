package dev.lockstep.reconciler.building;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.reconciler.builds.BuildOrder;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildSink;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.git.SlowServer;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.NoSpace;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds of commits with the real engine. */
class BuildQueueIT {
    private static final String CACHED = "#(\\d+) .*RUN echo fetched.*\\n(?:.*\\n)*#\\1 CACHED";

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
    void a_build_sees_what_is_committed_and_nothing_else() throws Exception {
        lab.file(
                "app/Dockerfile",
                "FROM busybox\nCOPY . /app\nRUN echo \"sees $(cd /app && echo *) and $(cat /app/a)\"\n");
        lab.file("app/.dockerignore", "Dockerfile\n.dockerignore\nleft-out\n");
        lab.file("app/left-out", "x");
        lab.file("app/a", "committed");
        lab.file("secret-beside-the-context", "x");
        var commit = lab.commit("First words");
        lab.file("app/a", "changed in the working copy");
        lab.file("app/b", "never committed");

        lab.build(lab.order("v1.0", commit));

        var record = lab.record(1);
        assertThat(lab.log(1)).contains("sees a and committed", "at " + commit.substring(0, 7) + " \"First words\"");
        assertThat(record.state()).isEqualTo(BuildRecord.State.SUCCEEDED);
        assertThat(record.tags()).containsExactly("v1.0", "latest");
        var image = lab.image("shop:v1.0").orElseThrow();
        assertThat(record.digest()).contains(image.digest());
        assertThat(lab.image("shop:latest").orElseThrow().digest()).isEqualTo(image.digest());
        assertThat(image.config().labels())
                .containsEntry("org.opencontainers.image.revision", commit)
                .containsEntry("org.opencontainers.image.source", lab.url())
                .containsEntry("org.opencontainers.image.ref.name", "v1.0")
                .containsEntry("org.opencontainers.image.version", "1.0")
                .containsKey("org.opencontainers.image.created");
        assertThat(lab.said).last().asString().contains("build 1 of shop:v1.0 succeeded: sha256:");
    }

    @Test
    void a_commit_uses_the_steps_of_the_one_before_unless_each_host_must_make_the_same() throws Exception {
        lab.file("app/Dockerfile", "FROM busybox\nCOPY needs /\nRUN echo fetched > /needed\nCOPY . /app\n");
        lab.file("app/needs", "x");
        lab.file("app/late", "one");
        lab.build(lab.order("v1", lab.commit("one")));
        lab.file("app/late", "two");
        lab.build(lab.order("v2", lab.commit("two")));
        assertThat(lab.log(2)).containsPattern(CACHED);
        var image = lab.image("shop:v2").orElseThrow();
        assertThat(image.digest())
                .isNotEqualTo(lab.image("shop:v1").orElseThrow().digest());

        lab.file("lockstep.yaml", QueueLab.ENTRY.replace("image: shop,", "image: shop, reproducible: true,"));
        var same = lab.commit("reproducible");
        lab.build(lab.order("v3", same));
        lab.engine.builder().forget(Duration.ZERO);
        lab.build(lab.order("v3", same));
        assertThat(lab.log(4)).doesNotContainPattern(CACHED);
        assertThat(lab.record(4).digest()).isPresent().isEqualTo(lab.record(3).digest());
    }

    @Test
    void what_one_repository_has_in_a_cache_mount_nobody_else_gets_nor_what_was_made_with_it() throws Exception {
        var mount = "FROM busybox\nRUN --mount=type=cache,id=tools,target=/tools ";
        lab.file("app/Dockerfile", mount + "echo poison > /tools/of\n");
        lab.build(QueueLab.OTHER, lab.order("v1", lab.commit("fills it")));
        lab.file("app/Dockerfile", mount + "cat /tools/of > /of || echo none > /of\nRUN echo \"has $(cat /of)\"\n");
        var reads = lab.commit("reads it");
        lab.build(QueueLab.OTHER, lab.order("v2", reads));
        lab.file("lockstep.yaml", QueueLab.ENTRY.replace("image: shop", "image: mine"));
        lab.build(lab.order("v2", lab.commit("reads it elsewhere")));

        assertThat(lab.log(2)).contains("has poison");
        assertThat(lab.log(3)).contains("has none");
    }

    @Test
    void a_name_that_is_anothers_is_not_taken() throws Exception {
        lab.file("app/Dockerfile", "FROM busybox\nRUN echo mine > /it\n");
        var commit = lab.commit("mine");
        lab.build(QueueLab.OTHER, lab.order("v1", commit));
        var theirs = lab.image("shop:v1").orElseThrow().digest();
        lab.build(lab.order("v1", commit));
        assertThat(lab.record(2).state()).isEqualTo(BuildRecord.State.FAILED);
        assertThat(lab.record(2).problem())
                .startsWith("shop:v1 is the name of another image on this host, which " + QueueLab.OTHER + " builds");
        assertThat(lab.image("shop:v1").orElseThrow().digest()).isEqualTo(theirs);

        // What somebody made by hand is nobody's.
        var base = lab.image("busybox:latest").orElseThrow().digest();
        lab.engine.images().tag(base, ImageReference.parse("shop:latest"));
        lab.build(lab.order("v3", commit));
        assertThat(lab.record(3).problem()).isEmpty();
        assertThat(lab.image("shop:latest").orElseThrow().digest())
                .isEqualTo(lab.record(3).digest().orElseThrow());

        var pulled = ImageReference.parse("shop:v4");
        lab.engine.images().tag(base, pulled);
        lab.engine.knownImages().received(pulled, base);
        lab.build(lab.order("v4", commit));
        assertThat(lab.record(4).problem())
                .startsWith("shop:v4 is the name of another image on this host, which came from its registry");
    }

    @Test
    void what_anothers_build_has_called_so_is_no_base() throws Exception {
        try (var registry = FakeRegistry.start()) {
            lab.images = registries("docker.io", registry.host());
            lab.file(
                    "lockstep.yaml", QueueLab.ENTRY.replace("image: shop", "image: " + registry.host() + "/team/shop"));
            lab.file("app/Dockerfile", "FROM busybox\nRUN echo theirs > /it\n");
            lab.build(QueueLab.OTHER, lab.order("v1", lab.commit("theirs")));
            assertThat(lab.record(1).problem()).isEmpty();
            // A record that is forgotten takes nothing of that away.
            new BuildRecords(lab.engine.root()).remove(1);

            lab.file("lockstep.yaml", QueueLab.ENTRY);
            lab.file("app/Dockerfile", "FROM " + registry.host() + "/team/shop:v1\nCOPY Dockerfile /\n");
            var commit = lab.commit("mine");
            lab.build(lab.order("v2", commit));
            assertThat(lab.record(2).problem())
                    .contains("; the image of that name on this host is not meant, which " + QueueLab.OTHER
                            + " builds. This host does not allow it");
            registry.serve(
                    "team/shop",
                    "v1",
                    TestImage.unnamed().file("from-there", "x").command("/x"));
            lab.build(lab.order("v3", commit));
            assertThat(lab.record(3).problem()).isEmpty();
        }
    }

    @Test
    void what_only_this_host_reaches_is_not_fetched_for_a_repository() throws Exception {
        try (var registry = FakeRegistry.start()) {
            var steps = List.of(
                    "ADD http://" + registry.host() + "/file /",
                    "ADD http://" + registry.host() + "/team/shop.git /",
                    "ADD http://169.254.169.254/latest/meta-data /",
                    "FROM " + registry.host() + "/team/base",
                    "COPY --from=localhost:" + registry.host().replaceFirst(".*:", "") + "/team/base / /",
                    "FROM 169.254.169.254/team/base");
            for (var step : steps) {
                lab.file("app/Dockerfile", "FROM busybox\n" + step + "\n");
                lab.build(lab.order("v" + steps.indexOf(step), lab.commit(step)));
            }
            assertThat(registry.requests()).isEmpty();
        }
        for (var number : List.of(1, 2)) {
            assertThat(lab.record(number).problem())
                    .contains(" for a followed repository: 127.0.0.1 is an address of this host");
        }
        assertThat(lab.record(3).problem()).contains("169.254.169.254 is a link-local address");
        for (var number : List.of(4, 5)) {
            assertThat(lab.record(number).problem())
                    .matches(".*registry \\S+ is not asked: \\S*( is 127.0.0.1,| is) an address of this host; an entry"
                            + " for \\S+ under registries in its settings allows it");
        }
        assertThat(lab.record(6).problem()).contains("169.254.169.254 is a link-local address");
    }

    @Test
    void a_registry_of_this_host_is_asked_when_the_owner_has_named_it() throws Exception {
        try (var registry = FakeRegistry.start()) {
            registry.serve(
                    "team/base",
                    "1",
                    TestImage.unnamed().file("from-there", "x").command("/x"));
            lab.images = registries("docker.io", registry.host());
            lab.file("app/Dockerfile", "FROM " + registry.host() + "/team/base:1\nCOPY Dockerfile /\n");
            lab.build(lab.order("v1", lab.commit("one")));
            assertThat(lab.record(1).problem()).isEmpty();
        }
    }

    /** Settings of a host that runs images of these alone. */
    private static ImagePolicy registries(String... hosts) {
        return QueueLab.settings("images: {registries: ['" + String.join("', '", hosts) + "']}")
                .images();
    }

    @Test
    void what_is_here_already_must_pass_the_hosts_rules_too() throws Exception {
        lab.images = registries("registry.example");
        lab.file("app/Dockerfile", "FROM scratch\nCOPY --from=busybox /bin/busybox /\n");
        lab.build(lab.order("v1", lab.commit("one")));
        assertThat(lab.record(1).problem()).contains("Refused: busybox:latest: images of docker.io may not run here");
        assertThat(lab.image("shop:v1")).isEmpty();
    }

    @Test
    void what_fails_changes_no_name_and_is_told_once_with_its_place() throws Exception {
        lab.file("app/Dockerfile", "FROM busybox\nRUN echo one\n");
        var good = lab.commit("good");
        lab.file("app/Dockerfile", "FROM busybox\nRUN echo almost; exit 3\n");
        var bad = lab.commit("bad");
        lab.file("app/Dockerfile", "FORM busybox\n");
        var worse = lab.commit("worse");
        lab.build(lab.order("v1", good));
        var before = lab.image("shop:latest").orElseThrow().digest();
        lab.said.clear();

        lab.build(lab.order("v3", worse), lab.order("v2", bad));

        assertThat(lab.record(2).problem())
                .isEqualTo("app/Dockerfile:2: process \"/bin/sh -c echo almost; exit 3\" did not complete"
                        + " successfully: exit code: 3");
        assertThat(lab.record(3).problem()).isEqualTo("failed to build: app/Dockerfile has an error");
        assertThat(lab.log(3)).contains("unknown instruction: FORM (did you mean FROM?)");
        assertThat(lab.log(2)).contains("almost", ">>> RUN echo almost; exit 3");
        assertThat(lab.image("shop:latest").orElseThrow().digest()).isEqualTo(before);
        assertThat(lab.image("shop:v2")).isEmpty();
        assertThat(lab.said.stream().filter(line -> line.startsWith("build 2 of shop:v2 failed: app/Dockerfile:2:")))
                .singleElement()
                .asString()
                .endsWith("; what runs stays as it is. 'lockstep builds logs 2' shows what it said");
    }

    @Test
    void the_newest_is_built_first_and_an_older_one_takes_no_name_back() throws Exception {
        lab.file("app/Dockerfile", "FROM busybox\nLABEL of=one\n");
        var one = lab.commit("one");
        lab.file("app/Dockerfile", "FROM busybox\nLABEL of=two\n");
        var two = lab.commit("two");
        lab.build(lab.order("v2", two), lab.order("v1", one));
        assertThat(lab.said.stream().filter(line -> line.contains(" begins: ")))
                .extracting(line -> line.replaceFirst(" begins.*", ""))
                .containsExactly("build 2 of shop:v2", "build 1 of shop:v1");
        assertThat(lab.record(1).tags()).containsExactly("v1");
        assertThat(lab.image("shop:latest").orElseThrow().config().labels()).containsEntry("of", "two");
        assertThat(lab.image("shop:v1").orElseThrow().config().labels()).containsEntry("of", "one");

        // Wanted once more it is as old as before, though its number is higher.
        for (var order : List.of(lab.order("v1", one), lab.order("v2", two))) {
            var occasion = order.occasion();
            lab.build(new BuildOrder(
                    order.target(),
                    new Occasion(Occasion.Kind.WANTED, occasion.ref(), occasion.commit()),
                    order.inputs()));
        }
        assertThat(lab.record(3).tags()).containsExactly("v1");
        assertThat(lab.record(4).tags()).containsExactly("v2", "latest");
        assertThat(lab.image("shop:latest").orElseThrow().config().labels()).containsEntry("of", "two");

        lab.policy = QueueLab.policy("timeout: 1s");
        lab.file("app/Dockerfile", "FROM busybox\nRUN sleep 1000000\n");
        lab.build(lab.order("v3", lab.commit("endless")));
        assertThat(lab.record(5).problem())
                .isEqualTo("it was not over after 1s; timeout below builds of agent.yaml allows more");
    }

    @Test
    void what_has_passed_is_pushed_and_does_not_count_before() throws Exception {
        try (var registry = FakeRegistry.start()) {
            lab.file(
                    "lockstep.yaml", QueueLab.ENTRY.replace("image: shop", "image: " + registry.host() + "/team/shop"));
            lab.file("app/Dockerfile", "FROM busybox\nRUN echo pushed > /file\n");
            var commit = lab.commit("one");
            lab.push = true;
            lab.images = registries("docker.io", registry.host());
            lab.test = QueueLab.test("false", Duration.ofMinutes(1), Map.of());
            lab.build(lab.order("v1", commit));
            assertThat(lab.record(1).problem()).isEqualTo("the test failed with exit code 1");
            assertThat(registry.requests()).isEmpty();

            lab.test = QueueLab.test("true", Duration.ofMinutes(1), Map.of());
            lab.build(lab.order("v1", commit));
            var record = lab.record(2);
            assertThat(record.problem()).isEmpty();
            assertThat(record.pushed()).isTrue();
            assertThat(lab.image(registry.host() + "/team/shop:v1")
                            .orElseThrow()
                            .layers())
                    .last()
                    .extracting(Layer::mediaType)
                    .isEqualTo(MediaType.OCI_LAYER_GZIP);
            for (var tag : List.of("v1", "latest")) {
                assertThat(registry.content("/v2/team/shop/manifests/" + tag)
                                .map(bytes -> new String(bytes, StandardCharsets.UTF_8)))
                        .contains(new String(
                                lab.engine.images().blobs().read(record.digest().orElseThrow()),
                                StandardCharsets.UTF_8));
            }
            registry.goAway();
            lab.build(lab.order("v2", commit));
            assertThat(lab.record(3).state()).isEqualTo(BuildRecord.State.FAILED);
            assertThat(lab.record(3).problem())
                    .startsWith("it is built and tested, and cannot be pushed: " + registry.host() + "/team/shop:v2: ");
        }
    }

    @Test
    void what_cannot_be_pushed_has_no_name_here_either() throws Exception {
        try (var registry = FakeRegistry.start()) {
            var image = registry.host() + "/team/shop";
            lab.file("lockstep.yaml", QueueLab.ENTRY.replace("image: shop", "image: " + image));
            lab.file("app/Dockerfile", "FROM busybox\nRUN echo one > /file\n");
            lab.push = true;
            lab.images = registries("docker.io", registry.host());
            lab.build(lab.order("v1", lab.commit("one")));
            var first = lab.record(1).digest().orElseThrow();
            lab.file("app/Dockerfile", "FROM busybox\nRUN echo two > /file\n");
            var two = lab.commit("two");

            registry.when(
                    exchange -> exchange.getRequestMethod().equals("PUT")
                            && exchange.getRequestURI().getPath().contains("/manifests/"),
                    1,
                    FakeRegistry.status(403));
            lab.build(lab.order("v2", two));
            assertThat(lab.record(2).state()).isEqualTo(BuildRecord.State.FAILED);
            assertThat(lab.record(2).problem())
                    .startsWith("it is built and tested, and cannot be pushed: " + image + ":v2: ");
            assertThat(registry.content("/v2/team/shop/manifests/v2")).isEmpty();
            assertThat(lab.image(image + ":v2")).isEmpty();
            assertThat(lab.image(image + ":latest").orElseThrow().digest()).isEqualTo(first);

            registry.when(
                    exchange -> exchange.getRequestMethod().equals("PUT")
                            && exchange.getRequestURI().getPath().endsWith("/manifests/latest"),
                    1,
                    FakeRegistry.status(403));
            lab.build(lab.order("v3", two));
            assertThat(lab.record(3).problem())
                    .startsWith("it is built and tested, and cannot be pushed: " + image + ":latest: ");
            assertThat(lab.image(image + ":v3")).isEmpty();
            assertThat(lab.image(image + ":latest").orElseThrow().digest()).isEqualTo(first);

            lab.build(lab.order("v4", two));
            var digest = lab.record(4).digest().orElseThrow();
            assertThat(lab.image(image + ":latest").orElseThrow().digest()).isEqualTo(digest);
            assertThat(registry.content("/v2/team/shop/manifests/latest"))
                    .contains(lab.engine.images().blobs().read(digest));
            assertThat(registry.content("/v2/team/shop/manifests/" + digest)).isPresent();
        }
    }

    @Test
    void a_section_has_the_hosts_secrets_and_shows_none() throws Exception {
        Files.delete(directory.resolve(QueueLab.REPOSITORY).resolve("lockstep.yaml"));
        lab.file("compose.yaml", """
                name: shop
                services:
                  base: {build: {dockerfile_inline: "FROM busybox\\nRUN echo based > /base\\n"}}
                  app:
                    build:
                      dockerfile: app/Dockerfile
                      additional_contexts: {base: "service:base"}
                      secrets: [token]
                      entitlements: []
                secrets: {token: {external: true}}
                """);
        lab.file("app/Dockerfile", """
                FROM base
                RUN --mount=type=secret,id=token test "$(cat /run/secrets/token)" = hunter22 && cat /run/secrets/token /base
                """);
        var commit = lab.commit("section");
        lab.build(lab.order("v1", commit));
        assertThat(lab.record(1).problem()).contains("the secret token is not on this host");
        lab.secrets().set("shop", "token", "hunter22".getBytes(StandardCharsets.UTF_8));
        lab.build(lab.order("v1", commit));
        assertThat(lab.record(2).problem()).isEmpty();
        assertThat(lab.log(2)).contains("***based").doesNotContain("hunter22");
        assertThat(lab.image("shop-app:v1")).isPresent();

        lab.file("compose.yaml", """
                name: shop
                services: {app: {build: {dockerfile_inline: "FROM busybox\\n", network: host, ssh: [default]}}}
                """);
        lab.build(lab.order("v2", lab.commit("asks for the host's network")));
        assertThat(lab.record(3).problem())
                .isEqualTo("service \"app\": build.network: this host gives builds of repositories no network.host; its"
                        + " owner can, by entitlements below builds of agent.yaml");
        lab.policy = QueueLab.policy("repositories: [https://other.example/x.git]");
        lab.build(lab.order("v3", commit));
        assertThat(lab.record(4).state()).isEqualTo(BuildRecord.State.REFUSED);
        assertThat(lab.record(4).problem()).startsWith("this host builds nothing of " + lab.url());
    }

    @Test
    void an_entry_sees_the_secrets_that_the_owner_gives_its_repository_and_keeps_none() throws Exception {
        lab.file("lockstep.yaml", QueueLab.ENTRY.replace("context: app,", "context: app, secrets: {npmrc: npm},"));
        lab.file("app/Dockerfile", """
                FROM busybox
                RUN --mount=type=secret,id=npmrc test "$(cut -c1-6 /run/secrets/npmrc)" = hunter && cat /run/secrets/npmrc
                """);
        var commit = lab.commit("secret");
        lab.secrets().ofBuilds().set("builds", "npm", "hunter22".getBytes(StandardCharsets.UTF_8));
        lab.secrets().set("npm", "npm", "hunter22".getBytes(StandardCharsets.UTF_8));
        lab.build(lab.order("v1", commit));
        assertThat(lab.record(1).problem())
                .isEqualTo("builds.app.secrets: this host gives builds of " + lab.url()
                        + " no secret npm; its owner can, by secrets below builds of agent.yaml");

        lab.policy = QueueLab.policy("secrets: {npm: ['" + lab.url() + "']}");
        lab.build(QueueLab.OTHER, lab.order("v1", commit));
        assertThat(lab.record(2).problem()).contains("gives builds of " + QueueLab.OTHER + " no secret npm");
        lab.build(lab.order("v1", commit));
        assertThat(lab.record(3).problem()).isEmpty();
        assertThat(lab.log(3)).contains("***").doesNotContain("hunter22");
        try (var files = Files.walk(directory.resolve("state"))) {
            assertThat(files.filter(Files::isRegularFile).filter(file -> {
                        try {
                            return Files.readString(file, StandardCharsets.ISO_8859_1)
                                    .contains("hunter22");
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }))
                    .isEmpty();
        }

        lab.secrets().ofBuilds().remove("builds", "npm");
        lab.build(lab.order("v2", commit));
        assertThat(lab.record(4).problem())
                .isEqualTo("builds.app.secrets: the secret npm is not on this host; 'lockstep secret set --builds npm'"
                        + " keeps it");
    }

    @Test
    void an_image_for_another_kind_of_host_is_made_as_long_as_nothing_of_it_has_to_run() throws Exception {
        lab.file("lockstep.yaml", QueueLab.ENTRY.replace("context: app,", "context: app, platforms: [linux/s390x],"));
        lab.file("app/Dockerfile", """
                FROM --platform=$BUILDPLATFORM busybox AS made
                ARG TARGETARCH
                RUN echo for $TARGETARCH > /it
                FROM scratch
                COPY --from=made /it /
                """);
        var made = lab.commit("nothing of it runs");
        lab.build(lab.order("v1", made));
        assertThat(lab.record(1).problem()).isEmpty();
        assertThat(lab.image("shop:v1").orElseThrow().config().platform()).hasToString("linux/s390x");

        lab.test = QueueLab.test("true", Duration.ofMinutes(1), Map.of());
        lab.build(lab.order("v2", made));
        assertThat(lab.record(2).problem())
                .startsWith("builds.app.test: an image of linux/s390x is not run on this host, which is linux/");
        lab.test = Optional.empty();
        lab.file("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\nRUN [\"/it\"]\n");
        lab.build(lab.order("v3", lab.commit("a program of it runs")));
        assertThat(lab.record(3).problem())
                .contains("app/Dockerfile:3: ", "programs for linux/s390x do not run on this host");
        lab.file(
                "lockstep.yaml",
                QueueLab.ENTRY.replace("context: app,", "context: app, platforms: [linux/s390x, linux/arm64],"));
        lab.build(lab.order("v4", lab.commit("two")));
        assertThat(lab.record(4).problem())
                .startsWith("builds.app.platforms: an image is built for one platform, and not for linux/s390x and");
    }

    @Test
    void a_section_attests_its_image_and_takes_and_gives_no_cache_of_others() throws Exception {
        Files.delete(directory.resolve(QueueLab.REPOSITORY).resolve("lockstep.yaml"));
        var compose = """
                name: shop
                services:
                  app:
                    build:
                      dockerfile_inline: "FROM busybox\\nRUN echo x > /x\\n"
                      sbom: true
                      provenance: mode=max
                      cache_from: ["registry.invalid/cache", "type=local,src=/etc", "type=gha"]
                      cache_to: ["type=local,dest=/nowhere", "type=inline"]
                """;
        lab.file("compose.yaml", compose);
        var commit = lab.commit("attests");
        lab.build(lab.order("v1", commit));
        assertThat(lab.record(1).problem()).isEmpty();
        assertThat(lab.log(1))
                .contains(
                        "service \"app\": build.cache_from: builds of repositories are made with this host's cache",
                        "service \"app\": build.cache_to: builds of repositories write no cache but type=inline")
                .doesNotContain("is not used");
        assertThat(Path.of("/nowhere")).doesNotExist();
        var image = lab.image("shop-app:v1").orElseThrow();
        var blobs = lab.engine.images().blobs();
        assertThat(new String(blobs.read(image.id()), StandardCharsets.UTF_8)).contains("dev.lockstep.buildcache.v1");
        assertThat(lab.engine.images().attachments().of(lab.record(1).digest().orElseThrow()))
                .extracting(attached ->
                        new String(blobs.read(attached.content().getLast().digest()), StandardCharsets.UTF_8))
                .anySatisfy(text -> assertThat(text).contains("https://spdx.dev/Document"))
                .anySatisfy(text -> assertThat(text).contains("https://slsa.dev/provenance/v1", commit, lab.url()));

        lab.file("compose.yaml", compose.replace("mode=max", "mode=max,builder-id=https://trusted.example"));
        lab.build(lab.order("v2", lab.commit("claims another builder")));
        assertThat(lab.record(2).problem())
                .isEqualTo("service \"app\": build.provenance: builder-id is not for a repository to choose, since this"
                        + " host builds; take it out");
        assertThat(lab.image("shop-app:v2")).isEmpty();
    }

    @Test
    void two_targets_are_built_at_once_and_one_never_twice() throws Exception {
        lab.policy = QueueLab.policy("parallel: 2");
        lab.file(
                "lockstep.yaml",
                QueueLab.ENTRY + "  other: {image: other, tags: ['{{tag}}'], context: other, when: {tags: ['v*']}}\n");
        lab.file("app/Dockerfile", "FROM busybox\nRUN sleep 1000000\n");
        lab.file("other/Dockerfile", "FROM busybox\nRUN sleep 1000001\n");
        var commit = lab.commit("endless");
        try (var queue = lab.queue()) {
            queue.start();
            // The second worker has nothing to do, and yet leaves the older one of the target alone.
            queue.submit(lab.url(), List.of(lab.order("v2", commit), lab.order("v1", commit)));
            await().until(() -> isAt(2, "RUN sleep 1000000"));
            queue.submit(lab.url(), List.of(lab.order("other", "v1", commit)));
            await().until(() -> isAt(3, "RUN sleep 1000001"));
            assertThat(lab.record(1).state()).isEqualTo(BuildRecord.State.QUEUED);
            assertThat(lab.record(2).state()).isEqualTo(BuildRecord.State.BUILDING);
            assertThat(lab.record(3).state()).isEqualTo(BuildRecord.State.BUILDING);
        }
        assertThat(lab.records().all()).extracting(BuildRecord::state).containsOnly(BuildRecord.State.QUEUED);
    }

    /** Its header never ends: nobody else calls that off for many minutes. */
    @Test
    void a_context_of_the_web_that_never_comes_is_called_off_with_its_build() throws Exception {
        try (var endless = new SlowServer(SlowServer.Manner.HTTP_TRICKLE)) {
            lab.images = registries("docker.io", "127.0.0.1:" + endless.port());
            lab.policy = QueueLab.policy("timeout: 1s");
            Files.delete(directory.resolve(QueueLab.REPOSITORY).resolve("lockstep.yaml"));
            lab.file(
                    "compose.yaml",
                    "name: shop\nservices: {app: {build: 'http://127.0.0.1:" + endless.port() + "/context.tar'}}\n");

            lab.build(lab.order("v1", lab.commit("from elsewhere")));

            assertThat(endless.isLetGo()).isTrue();
            assertThat(lab.record(1).problem()).startsWith("it was not over after 1s;");
        }
    }

    private boolean isAt(long number, String step) throws IOException {
        return Files.exists(lab.records().log(number)) && lab.log(number).contains(step);
    }

    /** The records are on a small disk of their own, so that nothing else frees a page of it meanwhile. */
    @Test
    void a_disk_that_is_full_at_the_end_of_a_build_is_told_once_and_the_next_queue_goes_on() throws Exception {
        lab.file(
                "app/Dockerfile",
                "FROM busybox\nRUN --mount=type=cache,target=/c until [ -e /c/go ]; do usleep 50000; done\n");
        var commit = lab.commit("waits");
        var small = Files.createDirectories(directory.resolve("state/builds"));
        Mounts.tmpfs(small, 256 << 10, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        try {
            try (var queue = lab.queue()) {
                queue.submit(lab.url(), List.of(lab.order("v1", commit)));
                queue.start();
                await().until(() -> isAt(1, "until [") && cache().isPresent());
                fill(small.resolve("ballast"));
                Files.createFile(cache().orElseThrow().resolve("go"));
                assertThat(queue.awaitIdle(Duration.ofMinutes(5))).isTrue();
            }
            assertThat(lab.said.stream().filter(line -> line.startsWith("what became of build 1 cannot be written")))
                    .hasSize(1);
            assertThat(lab.record(1).state()).isEqualTo(BuildRecord.State.BUILDING);

            Files.delete(small.resolve("ballast"));
            lab.build();
            assertThat(lab.record(1).problem()).isEmpty();
            assertThat(lab.record(1).state()).isEqualTo(BuildRecord.State.SUCCEEDED);
            assertThat(lab.record(1).digest())
                    .contains(lab.image("shop:v1").orElseThrow().digest());
        } finally {
            Mounts.unmount(small);
        }
    }

    @Test
    void a_build_waits_as_long_as_the_end_of_the_one_that_it_waits_for_is_not_written_down() throws Exception {
        lab.policy = QueueLab.policy("parallel: 1");
        lab.file("lockstep.yaml", """
                builds:
                  app:
                    {image: shop, tags: ['{{tag}}'], context: app, when: {tags: ['v*']}, test: {service: web, command: ['true']}}
                  db: {image: shop-db, tags: ['{{tag}}'], context: db, when: {tags: ['v*']}}
                """);
        lab.file("compose.yaml", """
                name: shop
                services:
                  web: {image: 'shop:v1', depends_on: [db]}
                  db: {image: 'shop-db:v1', init: true, command: sleep 1000000}
                """);
        lab.file("app/Dockerfile", "FROM busybox\n");
        lab.file(
                "db/Dockerfile",
                "FROM busybox\nRUN --mount=type=cache,target=/c until [ -e /c/go ]; do usleep 50000; done\n");
        var commit = lab.commit("waits");
        var small = Files.createDirectories(directory.resolve("state/builds"));
        Mounts.tmpfs(small, 256 << 10, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        try (var queue = lab.queue()) {
            // The last one of them is built first.
            queue.submit(lab.url(), List.of(lab.order("app", "v1", commit), lab.order("db", "v1", commit)));
            queue.start();
            await().until(() -> isAt(1, "until [") && cache().isPresent());
            fill(small.resolve("ballast"));
            Files.createFile(cache().orElseThrow().resolve("go"));
            await().until(() ->
                    lab.said.stream().anyMatch(line -> line.startsWith("what became of build 1 cannot be")));
            assertThat(lab.record(1).state().isPending()).isTrue();

            Files.delete(small.resolve("ballast"));
            queue.submit(lab.url(), List.of(lab.order("db", "v2", commit))); // it looks again
            assertThat(queue.awaitIdle(Duration.ofMinutes(5))).isTrue();
            assertThat(lab.record(1).state().isPending()).isFalse();
            assertThat(lab.record(2).state().isPending()).isFalse();
        } finally {
            Mounts.unmount(small);
        }
        assertThat(lab.said.stream().filter(line -> line.startsWith("build 2 of shop:v1 waits: ")))
                .hasSize(1);
    }

    @Test
    void what_was_refused_before_it_was_brought_is_brought_when_somebody_wants_it_again() throws Exception {
        lab.file("app/Dockerfile", "FROM scratch\nLABEL a=b\n");
        var commit = lab.commit("moved");
        lab.elsewhere.add(commit);
        var occasion = new Occasion(Occasion.Kind.TAG, "refs/tags/v1", commit);
        try (var queue = lab.queue()) {
            queue.refuse(lab.url(), List.of(new BuildSink.Refusal("app", "shop", occasion, "tag v1 was moved")));
            queue.start();
            assertThat(queue.retry(1)).isInstanceOf(BuildQueue.Retried.Queued.class);
            assertThat(queue.awaitIdle(Duration.ofMinutes(5))).isTrue();
        }
        assertThat(lab.record(2).problem()).isEmpty();
        assertThat(lab.image("shop:v1")).isPresent();
    }

    @Test
    void a_record_that_cannot_be_read_or_written_keeps_no_queue_from_opening() throws Exception {
        lab.file("app/Dockerfile", "FROM scratch\n");
        var occasion = new Occasion(Occasion.Kind.TAG, "refs/tags/v1", lab.commit("one"));
        var small = Files.createDirectories(directory.resolve("state/builds"));
        Mounts.tmpfs(small, 256 << 10, 0755, List.of(DetachedMount.Attribute.NO_SUID));
        try {
            var now = Instant.now();
            var first = BuildRecord.queued(1, lab.url(), "app", "shop", occasion, "", "", now);
            lab.records().write(first.begun(now).again(true).begun(now));
            var second = BuildRecord.queued(2, lab.url(), "app", "shop", occasion, "", "", now);
            lab.records().write(second);
            Files.writeString(small.resolve("2/record.json"), "damaged");
            fill(small.resolve("ballast"));
            try (var queue = lab.queue()) {
                assertThat(lab.said)
                        .anyMatch(line -> line.startsWith("a build is left out: " + small.resolve("2/record.json"))
                                && line.endsWith("; it was set aside"))
                        .anyMatch(line -> line.startsWith("what became of build 1 cannot be written down: "));
                assertThat(queue.retry(2)).isEqualTo(new BuildQueue.Retried.No("there is no build 2"));
                assertThat(lab.records().all())
                        .extracting(BuildRecord::state)
                        .containsExactly(BuildRecord.State.BUILDING);

                Files.delete(small.resolve("ballast"));
                queue.start();
                await().until(() -> lab.record(1).state() == BuildRecord.State.FAILED);
                assertThat(lab.record(1).problem()).isEqualTo("the agent was killed twice while it was made");
                assertThat(queue.retry(1)).isInstanceOf(BuildQueue.Retried.Queued.class);
                assertThat(lab.record(3).occasion().kind()).isEqualTo(Occasion.Kind.RETRY);
            }
        } finally {
            Mounts.unmount(small);
        }
    }

    /** The directory of the one cache mount. */
    private Optional<Path> cache() throws IOException {
        var all = directory.resolve("state/build-mounts");
        if (!Files.isDirectory(all)) {
            return Optional.empty();
        }
        try (var found =
                Files.find(all, 1, (path, _) -> path.getFileName().toString().endsWith("-0"))) {
            return found.findFirst();
        }
    }

    private static void fill(Path file) throws IOException {
        try (var out = Files.newOutputStream(file)) {
            while (true) {
                out.write(new byte[4096]);
            }
        } catch (IOException e) {
            if (!NoSpace.isWhy(e)) {
                throw e;
            }
        }
    }

    @Test
    void a_killed_queue_is_taken_up_once_and_one_that_ends_leaves_nothing_running() throws Exception {
        lab.file("app/Dockerfile", "FROM busybox\nRUN sleep 1000000\n");
        var endless = lab.commit("endless");
        try (var queue = lab.queue()) {
            queue.submit(lab.url(), List.of(lab.order("v1", endless)));
        }
        for (var kill = 0; kill < 2; kill++) {
            var restarts = kill;
            var worker = QueueWork.start(directory);
            await().until(() -> {
                var record = lab.record(1); // once: it changes between two looks
                return record.state() == BuildRecord.State.BUILDING
                        && record.restarts() == restarts
                        && isAt(1, "RUN sleep");
            });
            worker.destroyForcibly();
            assertThat(worker.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(lab.record(1).state()).isEqualTo(BuildRecord.State.BUILDING);
        }
        lab.engine.cleanUp();
        assertThat(lab.limits().exists()).isFalse();
        lab.build();
        assertThat(lab.record(1).problem()).isEqualTo("the agent was killed twice while it was made");

        try (var queue = lab.queue()) {
            queue.submit(lab.url(), List.of(lab.order("v1", endless)));
            queue.start();
            await().until(() -> Files.exists(lab.records().log(2)) && lab.log(2).contains("RUN sleep"));
        }
        assertThat(lab.record(2).state()).isEqualTo(BuildRecord.State.QUEUED);
        assertThat(lab.record(2).restarts()).isZero();
    }
}
