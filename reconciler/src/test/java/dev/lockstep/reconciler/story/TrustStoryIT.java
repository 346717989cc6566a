package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.RealRegistry;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host whose owner wants signed images, the distribution's registry, and cosign. */
class TrustStoryIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private Host host;
    private RealRegistry registry;
    private Cosign cosign;
    private Path settings;
    private Path project;

    @BeforeEach
    void aHostWithRules() throws IOException {
        host = new Host(directory);
        registry = RealRegistry.start(directory.resolve("registry"));
        cosign = new Cosign(directory.resolve("release"));
        settings = directory.resolve("etc/agent.yaml");
        Files.createDirectories(directory.resolve("etc/keys"));
        Files.writeString(directory.resolve("etc/keys/release.pub"), cosign.publicKey());
        rules("""
                images:
                  rules:
                    %s/team/*: {require-signed: keys/release.pub, same-repository: true}
                    "*": {forbid-latest: true}
                """.formatted(registry.host()));
        project = Files.createDirectories(directory.resolve("p"));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        registry.close();
        host.close();
    }

    private void rules(String yaml) throws IOException {
        Files.writeString(settings, yaml);
    }

    private Host.Said lockstep(String... words) throws IOException {
        var command = new ArrayList<>(List.of("env", "LOCKSTEP_CONFIG=" + settings));
        command.addAll(host.command(words));
        return host.run(project, command);
    }

    private void compose(String image) throws IOException {
        Files.writeString(project.resolve("compose.yaml"), """
                name: shop
                services:
                  web:
                    image: %s
                    command: sleep 100000
                """.formatted(image));
    }

    private static TestImage version(String content) {
        return TestImage.busybox("app").file("version", content);
    }

    private String push(String nameAndTag, TestImage image) throws IOException {
        try {
            return registry.push(image, nameAndTag);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private String byDigest(String repository, TestImage image) {
        return registry.host() + "/" + repository + "@" + image.manifest().digest();
    }

    private void refused(Host.Said said, String... words) throws IOException {
        assertThat(said.code()).as(said.all()).isEqualTo(5);
        assertThat(said.all()).contains(words).doesNotContain("Exception");
    }

    private boolean hasBlob(Digest digest) {
        return Files.exists(host.root().resolve("images/blobs/sha256/" + digest.hex()));
    }

    @Test
    void an_unsigned_image_is_refused_before_anything_is_touched_and_runs_once_it_is_signed() throws Exception {
        var image = version("1");
        var reference = push("team/app:1", image);
        compose(reference);

        var why = new String[] {
            "compose.yaml:4:12: services.web.image: " + reference + ": is not signed as it must be: "
                    + image.manifest().digest().abbreviated() + " has no signature",
            "(rule \"" + registry.host() + "/team/*\" at " + settings + ":3:5)"
        };
        var plan = lockstep("plan");
        assertThat(plan.code()).as(plan.all()).isEqualTo(1);
        assertThat(plan.out())
                .contains("Refused: ", "Nothing of it is done as long as it is refused.")
                .contains(why)
                .doesNotContain("Run 'lockstep apply'");
        refused(lockstep("apply", "-y"), why);
        refused(lockstep("image", "pull", reference), "Refused: ", "has no signature", settings + ":3:5");
        assertThat(host.pids()).isEmpty();
        assertThat(hasBlob(image.manifest().digest())).isFalse();
        assertThat(host.root().resolve("networks"))
                .satisfiesAnyOf(
                        d -> assertThat(d).doesNotExist(), d -> assertThat(d).isEmptyDirectory());

        // A key of somebody else, and the signature of another image in the place of its own.
        new Cosign(directory.resolve("stranger")).sign(byDigest("team/app", image));
        refused(lockstep("apply", "-y"), "has a signature that no listed key made");
        var other = version("other");
        push("team/app:other", other);
        cosign.sign(byDigest("team/app", other));
        skopeo(signatureTag(other), signatureTag(image));
        refused(lockstep("apply", "-y"), "that is for another image");

        cosign.sign(byDigest("team/app", image));
        var applied = lockstep("apply", "-y");
        assertThat(applied.code()).as(applied.all()).isZero();
        assertThat(applied.out())
                .contains("(" + reference + ", " + image.manifest().digest().abbreviated());
        var pid = host.pids().get("shop-web-1");
        assertThat(pid).isNotNull();

        // Without the registry: what was verified is believed, as long as its key is.
        registry.close();
        var again = lockstep("apply", "-y", "--force-recreate");
        assertThat(again.code()).as(again.all()).isZero();
        var running = host.pids().get("shop-web-1");
        Files.writeString(directory.resolve("etc/keys/release.pub"), new Cosign(directory.resolve("next")).publicKey());
        refused(lockstep("apply", "-y", "--force-recreate"), "cannot be checked", "is not reachable");
        assertThat(host.pids()).containsEntry("shop-web-1", running);
    }

    private String signatureTag(TestImage image) {
        return "docker://" + registry.host() + "/team/app:sha256-"
                + image.manifest().digest().hex() + ".sig";
    }

    private void skopeo(String from, String to) throws IOException {
        var said = host.run(
                directory,
                List.of("skopeo", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false", from, to));
        assertThat(said.code()).as(said.all()).isZero();
    }

    @Test
    void a_bundle_of_cosign_counts_and_a_signature_for_another_repository_does_not() throws IOException {
        var image = version("1");
        compose(push("team/app:1", image));
        push("team/test:1", image);
        cosign.sign(byDigest("team/test", image));
        skopeo(signatureTag(image).replace("team/app", "team/test"), signatureTag(image));
        refused(lockstep("apply", "-y"), "was made for another repository");

        cosign.signByBundle(byDigest("team/app", image));
        var applied = lockstep("apply", "-y");
        assertThat(applied.code()).as(applied.all()).isZero();
    }

    @Test
    void the_other_rules_are_told_all_at_once_and_none_can_be_passed_over() throws IOException {
        rules("""
                images:
                  registries: [docker.io]
                  rules:
                    "*": {forbid-latest: true, require-digest: true, local: refuse}
                """);
        compose("web");
        var said = lockstep("apply", "-y", "--pull", "never");
        assertThat(said.code()).as(said.all()).isEqualTo(1);
        assertThat(said.all()).contains("compose.yaml:4:12", "pull_policy: never");
        compose("web:1");
        refused(
                lockstep("apply", "-y"),
                "web:1: must be named by its digest, which is web@sha256:",
                "was not pulled from its registry but brought to this host by hand",
                settings + ":4:5");
        compose("ghcr.example/x:latest");
        refused(
                lockstep("apply", "-y", "--pull", "missing"),
                "images of ghcr.example may not run here; allowed are those of docker.io (registries at " + settings
                        + ":2:3)",
                "the tag latest is forbidden",
                "must be named by its digest");
        assertThat(host.pids()).isEmpty();

        rules("images: {rules: {docker.io/library/web: {require-signed: keys/none.pub}}}\n");
        compose("web:1");
        refused(lockstep("apply", "-y"), "the key " + directory.resolve("etc/keys/none.pub") + " is not there");
        Files.writeString(directory.resolve("etc/keys/none.pub"), "-----BEGIN PUBLIC KEY-----\nMFkw");
        refused(lockstep("apply", "-y"), "is cut off or damaged");
        Files.writeString(directory.resolve("etc/keys/none.pub"), cosign.publicKey());
        Files.setPosixFilePermissions(
                directory.resolve("etc/keys/none.pub"),
                java.nio.file.attribute.PosixFilePermissions.fromString("rw-rw-r--"));
        refused(lockstep("apply", "-y"), "can be written by others than root");
        rules("images: {rules: {docker.io/library/web: {require-signed: keys/release.pub, local: allow}}}\n");
        var applied = lockstep("apply", "-y");
        assertThat(applied.code()).as(applied.all()).isZero();
    }

    @Test
    void a_tag_that_moves_between_the_check_and_the_pull_changes_nothing() throws IOException {
        try (var fake = FakeRegistry.start()) {
            var good = version("good");
            var bad = version("bad");
            var reference = fake.serve("team/app", "1", good);
            bad.blobs().forEach(blob -> fake.blob("team/app", blob));
            fake.when(exchange -> exchange.getRequestMethod().equals("HEAD"), 1, exchange -> {
                fake.answer(exchange);
                fake.manifest("team/app", "1", bad.manifest());
            });
            compose(reference);
            var applied = lockstep("apply", "-y");
            assertThat(applied.code()).as(applied.all()).isZero();
            var exec = lockstep("exec", "-T", "web", "cat", "/version");
            assertThat(exec.out()).isEqualTo("good");
            assertThat(lockstep("image", "ls", "--digests").out())
                    .contains(good.manifest().digest().toString())
                    .doesNotContain(bad.manifest().digest().toString(), "<none>");
            // And the tag is known here by what was pulled.
            assertThat(lockstep("plan").out()).contains("No changes.");

            assertThat(lockstep("plan", "--pull", "always").out())
                    .contains("image " + reference + " now means "
                            + bad.manifest().digest().abbreviated() + " (was "
                            + good.manifest().digest().abbreviated() + "), pulled because of --pull always");
            assertThat(lockstep("plan", "--pull", "missing").out()).contains("No changes.");
            fake.goAway();
            var down = lockstep("apply", "-y", "--pull", "always");
            assertThat(down.code()).as(down.all()).isEqualTo(1);
            assertThat(down.all()).contains("compose.yaml:4:12", "cannot be looked up, as --pull always wants it");
            assertThat(lockstep("apply", "-y", "--pull", "never").code()).isZero();
        }
    }

    @Test
    void an_agent_refuses_says_why_and_goes_on_when_the_image_is_signed() throws Exception {
        var first = version("1");
        var one = push("team/app:1", first);
        cosign.sign(byDigest("team/app", first));
        var second = version("2");
        var two = push("team/app:2", second);
        try (var repository = new Repository(directory.resolve("repository"))) {
            rules(Files.readString(settings) + "repositories: [{url: " + repository.directory() + "}]\n");
            var file = "stacks/shop/compose.yaml";
            var text = "services:\n  web: {image: '" + one + "', command: sleep 100000}\n";
            repository.commit("One", Map.of(file, text));
            host.agentOf(settings);
            await().atMost(PATIENCE).until(() -> host.pids().containsKey("shop-web-1"));
            var pid = host.pids().get("shop-web-1");

            repository.commit("Two", Map.of(file, text.replace(one, two)));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(host.lockstep("status").out())
                            .contains(
                                    "refused",
                                    file + ":2:16: services.web.image: " + two + ": is not signed as it must be: "
                                            + second.manifest().digest().abbreviated() + " has no signature",
                                    "at " + settings + ":3:5"));
            assertThat(host.pids()).containsEntry("shop-web-1", pid);
            assertThat(hasBlob(second.manifest().digest())).isFalse();

            // No commit and no command: the agent asks again by itself.
            cosign.sign(byDigest("team/app", second));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(host.pids().get("shop-web-1"))
                            .isNotNull()
                            .isNotEqualTo(pid));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(host.lockstep("status").out())
                            .contains("converged")
                            .doesNotContain("signed"));

            // The repository narrows its own rules; what runs stays.
            repository.commit(
                    "Narrow",
                    Map.of(
                            "lockstep.yaml",
                            "stacks:\n  shop:\n    policy: {images: {\"*\": {require-digest: true}}}\n"));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(host.lockstep("status").out())
                            .contains("must be named by its digest, which is", "lockstep.yaml:3:23"));
            assertThat(host.pids()).containsKey("shop-web-1");
        }
    }

    @Test
    void an_agent_looks_tags_up_when_they_are_due_and_keeps_what_runs_while_it_cannot() throws Exception {
        var first = version("1");
        var image = push("team/app:1", first);
        cosign.sign(byDigest("team/app", first));
        try (var repository = new Repository(directory.resolve("repository"))) {
            rules(Files.readString(settings) + "repositories: [{url: " + repository.directory() + "}]\n");
            repository.commit(
                    "One",
                    Map.of(
                            "stacks/shop/compose.yaml",
                            "services:\n  web: {image: '" + image
                                    + "', command: sleep 100000, pull_policy: every_1s}\n"));
            host.agentOf(settings);
            await().atMost(PATIENCE).until(() -> host.pids().containsKey("shop-web-1"));
            var pid = host.pids().get("shop-web-1");

            // Moved to what nobody has signed: said, and what runs is kept.
            var second = version("2");
            push("team/app:1", second);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(host.lockstep("status").out())
                            .contains(
                                    "converged",
                                    "compose.yaml:2:16: services.web.image: " + image + " now means "
                                            + second.manifest().digest().abbreviated() + ", which may not run: ",
                                    "has no signature",
                                    first.manifest().digest().abbreviated() + " is kept"));
            assertThat(host.pids()).containsEntry("shop-web-1", pid);

            cosign.sign(byDigest("team/app", second));
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(host.pids().get("shop-web-1"))
                            .isNotNull()
                            .isNotEqualTo(pid));
            assertThat(host.agentLog())
                    .contains("image " + image + " now means "
                            + second.manifest().digest().abbreviated() + " (was "
                            + first.manifest().digest().abbreviated() + "), pulled because of every_1s");
            var replaced = host.pids().get("shop-web-1");

            registry.close();
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(host.lockstep("status").out())
                            .contains("converged", "cannot be looked up, as every_1s wants it: registry", "is kept"));
            assertThat(host.pids()).containsEntry("shop-web-1", replaced);
        }
    }

    @Test
    void an_image_that_is_mounted_is_asked_for_its_signature_as_one_that_is_run() throws IOException {
        var mounted = version("mounted");
        var reference = push("team/files:1", mounted);
        compose("web:1");
        Files.writeString(
                project.resolve("compose.yaml"),
                "    network_mode: none\n    volumes: [{type: image, source: \"" + reference + "\", target: /files}]\n",
                StandardOpenOption.APPEND);

        var why = "services.web.volumes: " + reference + ": is not signed as it must be";
        refused(lockstep("apply", "-y"), why);
        refused(lockstep("run", "--rm", "-T", "web", "cat", "/files/version"), why);
        assertThat(hasBlob(mounted.manifest().digest())).isFalse();

        // Once it is, it comes with whichever container needs it first, and stays as long as one does.
        cosign.sign(byDigest("team/files", mounted));
        var ran = lockstep("run", "--rm", "-T", "web", "cat", "/files/version");
        assertThat(ran.out()).as(ran.all()).isEqualTo("mounted");
        assertThat(lockstep("apply", "-y").code()).isZero();
        registry.close();
        assertThat(lockstep("image", "prune", "-a", "-f").code()).isZero();
        assertThat(hasBlob(mounted.manifest().digest())).isTrue();
        assertThat(lockstep("plan", "--detailed-exitcode").all()).contains("No changes.");
    }
}
