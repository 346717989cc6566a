package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MirrorIT {
    @TempDir
    Path directory;

    private final TestTime time = new TestTime();
    private final TestImage one = TestImage.unnamed().file("a", "one").command("x");
    private final TestImage two = TestImage.unnamed().file("a", "two").command("x");

    private RegistryClient client(String registry, FakeRegistry... mirrors) throws IOException {
        var rule = new RegistryHosts.Rule(
                Optional.empty(),
                List.of(mirrors).stream()
                        .map(m -> new RegistryHosts.Mirror(m.host(), ""))
                        .toList());
        var store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
        return new RegistryClient(
                store,
                new RegistrySettings(
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(2),
                        3,
                        Duration.ofMillis(500),
                        Duration.ofSeconds(30),
                        3,
                        Credentials.NONE,
                        new RegistryHosts(Map.of(registry, rule), List.of()),
                        Proxies.NONE,
                        time));
    }

    @Test
    void a_mirror_that_is_down_is_tried_once_and_not_for_the_next_image() throws IOException {
        try (var origin = FakeRegistry.start();
                var mirror = FakeRegistry.start();
                var client = client(origin.host(), mirror)) {
            var first = ImageReference.parse(origin.serve("one", "1", one));
            var second = ImageReference.parse(origin.serve("two", "1", two));
            // Every answer is an invitation to try again, which only another place to ask makes needless.
            mirror.when("/v2/", 99, FakeRegistry.status(429, "Retry-After", "1"));

            client.pull(first, Progress.NONE, LayerIntake.NONE);
            var asked = mirror.requests().size();
            client.pull(second, Progress.NONE, LayerIntake.NONE);
            client.resolve(second);
            assertThat(mirror.requests()).hasSize(asked);

            time.pass(FailedMirrors.LEFT_ALONE);
            client.resolve(second);
            assertThat(mirror.requests()).hasSizeGreaterThan(asked);
        }
    }

    @Test
    void nobody_waits_for_a_mirror_where_nobody_listens() throws IOException {
        try (var origin = FakeRegistry.start();
                var mirror = FakeRegistry.start()) {
            mirror.goAway();
            try (var client = client(origin.host(), mirror)) {
                client.pull(ImageReference.parse(origin.serve("one", "1", one)), Progress.NONE, LayerIntake.NONE);
                assertThat(time.pauses()).isEmpty();
            }
        }
    }
}
