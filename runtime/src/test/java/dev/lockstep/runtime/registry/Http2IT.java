package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.NginxFront;
import dev.lockstep.runtime.testing.RealRegistry;
import dev.lockstep.runtime.testing.TestAuthority;
import dev.lockstep.runtime.testing.TestImage;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A registry behind nginx, which speaks HTTP/2: documents come by it, blobs do not. */
class Http2IT {
    @TempDir
    Path directory;

    private ImageStore store;
    private TestAuthority authority;

    @BeforeEach
    void open() throws Exception {
        store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
        authority = TestAuthority.create(directory.resolve("authority"));
    }

    private RegistryClient client(NginxFront front, Duration idle) throws Exception {
        Files.copy(
                authority.certificate(),
                Files.createDirectories(directory.resolve("certs.d/" + front.host()))
                        .resolve("ca.crt"));
        var usual = RegistrySettings.anonymous();
        return new RegistryClient(
                store,
                new RegistrySettings(
                        usual.connect(),
                        idle,
                        2,
                        usual.backoff(),
                        usual.longestPause(),
                        usual.layersAtOnce(),
                        Credentials.NONE,
                        new RegistryHosts(Map.of(), List.of(directory.resolve("certs.d"))),
                        Proxies.NONE,
                        new TestTime()));
    }

    @Test
    void a_real_registry_is_pushed_to_and_pulled_from() throws Exception {
        var image = PushIT.big();
        try (var registry = RealRegistry.start(directory.resolve("registry"));
                var front = NginxFront.start(directory, authority, registry.host());
                var client = client(front, Duration.ofSeconds(60))) {
            var reference = ImageReference.parse(front.host() + "/team/app:1");
            PushIT.keep(store, image);
            PushIT.name(store, reference, image.manifest());
            client.push(reference, Progress.NONE);
            for (var blob : image.blobs()) {
                Files.delete(store.blobs().path(blob.digest()));
            }
            assertThat(client.pull(reference, Progress.NONE, LayerIntake.NONE).digest())
                    .isEqualTo(image.manifest().digest());
            assertThat(client.tags(reference)).containsExactly("1");

            assertThat(front.answered().lines())
                    .filteredOn(line -> line.matches("HTTP/\\S+ (GET|PUT|PATCH) \\S+/blobs/.*"))
                    .isNotEmpty()
                    .allMatch(line -> line.startsWith("HTTP/1.1 "));
            assertThat(front.answered().lines())
                    .filteredOn(line -> line.contains("/manifests/") || line.contains("/tags/"))
                    .isNotEmpty()
                    .allMatch(line -> line.startsWith("HTTP/2.0 "));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/manifests/", "/blobs/"})
    void one_that_falls_silent_is_given_up_and_one_who_asks_can_be_interrupted(String part) throws Exception {
        var image = TestImage.unnamed().file("a", "x").command("x");
        var stop = new CountDownLatch(1);
        try (var registry = FakeRegistry.start();
                var front = NginxFront.start(directory, authority, registry.host());
                var quick = client(front, Duration.ofSeconds(1));
                var threads = Executors.newSingleThreadExecutor()) {
            registry.serve("app", "1", image);
            var asked = new CountDownLatch(3);
            registry.when(part, 99, exchange -> {
                asked.countDown();
                exchange.sendResponseHeaders(200, 100);
                exchange.getResponseBody().write(1);
                exchange.getResponseBody().flush();
                try {
                    stop.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            var reference = ImageReference.parse(front.host() + "/app:1");
            assertThatThrownBy(() -> quick.pull(reference, Progress.NONE, LayerIntake.NONE))
                    .isInstanceOfSatisfying(
                            RegistryException.class,
                            e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.UNREACHABLE))
                    .hasMessageContaining("no answer in time");

            Files.delete(directory.resolve("certs.d/" + front.host() + "/ca.crt"));
            try (var patient = client(front, Duration.ofMinutes(10))) {
                var pull = threads.submit(() -> patient.pull(reference, Progress.NONE, LayerIntake.NONE));
                assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();
                threads.shutdownNow();
                assertThatThrownBy(() -> pull.get(60, TimeUnit.SECONDS))
                        .isInstanceOf(ExecutionException.class)
                        .hasCauseInstanceOf(InterruptedIOException.class);
            }
        } finally {
            stop.countDown();
        }
    }

    @Test
    void answers_that_are_given_up_half_read_do_not_exhaust_the_connection() throws Exception {
        try (var registry = FakeRegistry.start();
                var front = NginxFront.start(directory, authority, registry.host());
                var client = client(front, Duration.ofSeconds(20))) {
            var image = TestImage.unnamed().file("a", "x").command("x");
            registry.serve("app", "1", image);
            registry.when("/manifests/big", 99, FakeRegistry.body(new byte[8 << 20]));
            // Together more than the window of the whole connection.
            for (var i = 0; i < 10; i++) {
                assertThatThrownBy(() -> client.pull(
                                ImageReference.parse(front.host() + "/app:big"), Progress.NONE, LayerIntake.NONE))
                        .hasMessageContaining("sends more than 4 MiB for the manifest of");
            }
            assertThat(client.pull(ImageReference.parse(front.host() + "/app:1"), Progress.NONE, LayerIntake.NONE)
                            .digest())
                    .isEqualTo(image.manifest().digest());
        }
    }
}
