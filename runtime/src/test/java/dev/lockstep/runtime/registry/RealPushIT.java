package dev.lockstep.runtime.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.RealRegistry;
import dev.lockstep.runtime.testing.TestAuthority;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.testing.TokenServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Lockstep pushes to the distribution project's registry is what skopeo finds there. */
class RealPushIT {
    @TempDir
    Path directory;

    private final TestImage small = TestImage.unnamed().file("a", "small").command("x");
    private ImageStore store;

    @BeforeEach
    void open() throws IOException {
        store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
    }

    private static String skopeo(String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("skopeo"));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = process.getInputStream().readAllBytes();
        assertThat(process.waitFor()).as(new String(said, UTF_8)).isZero();
        return new String(said, UTF_8);
    }

    private static String rawDigest(ImageReference reference) throws IOException, InterruptedException {
        var raw = skopeo("inspect", "--tls-verify=false", "--raw", "docker://" + reference);
        return BlobStore.digest(raw.getBytes(UTF_8)).toString();
    }

    @Test
    void an_image_that_was_pushed_is_pulled_by_skopeo_with_the_same_digest() throws Exception {
        var big = PushIT.big();
        try (var registry = RealRegistry.start(directory.resolve("registry"));
                var client = new RegistryClient(store, RegistrySettings.anonymous())) {
            for (var image : List.of(small, big)) {
                var reference = ImageReference.parse(registry.host() + "/team/app:" + (image == big ? "big" : "small"));
                PushIT.keep(store, image);
                PushIT.name(store, reference, image.manifest());
                assertThat(client.push(reference, Progress.NONE).digest())
                        .isEqualTo(image.manifest().digest());

                assertThat(rawDigest(reference))
                        .isEqualTo(image.manifest().digest().toString());
                var copy = directory.resolve("copy-" + reference.tag().orElseThrow());
                skopeo(
                        "copy",
                        "--quiet",
                        "--preserve-digests",
                        "--src-tls-verify=false",
                        "docker://" + reference,
                        "dir:" + copy);
                for (var blob : image.blobs()) {
                    assertThat(copy.resolve(blob.digest().hex())).hasBinaryContent(blob.content());
                }
            }
            var other = ImageReference.parse(registry.host() + "/other:1");
            PushIT.name(store, other, big.manifest());
            var steps = new ArrayList<Progress.Step>();
            client.push(other, (step, content, done, total) -> {
                if (done == total && total > 1_000_000) {
                    steps.add(step);
                }
            });
            assertThat(steps).containsExactly(Progress.Step.PRESENT); // taken from the other repository

            assertThat(client.tags(other.withDigest(big.manifest().digest()))).containsExactly("1");
            assertThat(client.tags(ImageReference.parse(registry.host() + "/team/app")))
                    .containsExactlyInAnyOrder("big", "small");
            assertThat(client.catalog(registry.host())).containsExactly("other", "team/app");

            assertThat(client.delete(other)).isEqualTo(big.manifest().digest());
            assertThatThrownBy(() -> client.resolve(other)).hasMessageContaining("not found");
            assertThatThrownBy(() -> client.delete(other)).hasMessageContaining("not found");
        }
    }

    @Test
    void an_index_that_was_pushed_is_read_by_skopeo_for_each_platform() throws Exception {
        var mips = TestImage.unnamed().platform(Platform.parse("linux/mips")).file("b", "other");
        var index = TestImage.index(mips, small);
        PushIT.keep(store, mips);
        PushIT.keep(store, small);
        store.blobs().put(index.digest(), index.content());
        try (var registry = RealRegistry.start(directory.resolve("registry"));
                var client = new RegistryClient(store, RegistrySettings.anonymous())) {
            var reference = ImageReference.parse(registry.host() + "/app:multi");
            PushIT.name(store, reference, index);
            client.push(reference, Progress.NONE);

            assertThat(rawDigest(reference)).isEqualTo(index.digest().toString());
            assertThat(skopeo(
                            "inspect",
                            "--tls-verify=false",
                            "--override-arch=mips",
                            "--config",
                            "docker://" + reference))
                    .contains("\"architecture\": \"mips\"");
        }
    }

    @Test
    void a_registry_with_a_token_server_gets_tokens_for_what_is_done_and_no_more() throws Exception {
        var authority = TestAuthority.create(directory.resolve("authority"));
        var basic = "Basic bWU6cGFzczp3b3Jk";
        var read = ":pull";
        try (var tokens = TokenServer.start(
                        authority, (who, scope) -> who.equals(Optional.of(basic)) || scope.endsWith("/public" + read));
                var registry = RealRegistry.start(directory.resolve("registry"), "", tokens.section())) {
            var config = Files.writeString(
                    directory.resolve("config.json"),
                    "{\"auths\":{\"" + registry.host() + "\":{\"auth\":\"bWU6cGFzczp3b3Jk\"}}}");
            var open = ImageReference.parse(registry.host() + "/team/public:1");
            var closed = ImageReference.parse(registry.host() + "/team/private:1");
            PushIT.keep(store, small);
            PushIT.name(store, open, small.manifest());
            PushIT.name(store, closed, small.manifest());
            try (var anonymous = new RegistryClient(store, RegistrySettings.anonymous());
                    var owner = new RegistryClient(
                            store,
                            RegistrySettings.anonymous()
                                    .with(CredentialFile.shared(config, Map.of()), RegistryHosts.NONE))) {
                assertThatThrownBy(() -> anonymous.push(open, Progress.NONE))
                        .isInstanceOfSatisfying(
                                RegistryException.class,
                                e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.DENIED));
                assertThat(owner.push(open, Progress.NONE).digest())
                        .isEqualTo(small.manifest().digest());
                assertThat(tokens.questions())
                        .allMatch(q -> q.matches("service=test&scope=repository%3Ateam%2Fpublic%3Apull%2Cpush"
                                + "(&scope=repository%3Ateam%2Fprivate%3Apull)?")); // to mount a layer
                assertThat(anonymous.resolve(open)).isEqualTo(small.manifest().digest());
                assertThat(tokens.questions().getLast())
                        .isEqualTo("service=test&scope=repository%3Ateam%2Fpublic%3Apull");

                owner.push(closed, Progress.NONE);
                assertThatThrownBy(() -> anonymous.resolve(closed))
                        .hasMessageContaining("denies access to team/private");
                assertThat(owner.resolve(closed)).isEqualTo(small.manifest().digest());
                assertThat(owner.catalog(registry.host())).containsExactly("team/private", "team/public");
                assertThatThrownBy(() -> anonymous.delete(open)).hasMessageContaining("denies access");
                assertThat(owner.delete(open)).isEqualTo(small.manifest().digest());
            }
        }
    }
}
