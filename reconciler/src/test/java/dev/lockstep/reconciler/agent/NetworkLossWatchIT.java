package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.network.AttachRequest;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetworkLossWatchIT {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private Engine engine;

    @BeforeEach
    void aNetworkThatIsUsed() throws IOException {
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "h", Optional.of(Path.of("/l")), false));
        engine.networks().create(NetworkSpec.plain("front", new Owner("h", "", Optional.empty())));
        var _ = engine.networks()
                .attach(new AttachRequest(
                        "c1",
                        new LeaseKey("", "web", 1),
                        List.of(new AttachmentSpec("front", List.of(), List.of(), 0)),
                        List.of("web"),
                        List.of()));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        engine.networks().detach("c1");
        engine.networks().remove("front");
        engine.close();
    }

    @Test
    void its_end_waits_for_what_it_is_at_which_needs_the_engine() throws Exception {
        var mending = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var watch = NetworkLossWatch.start(engine.networks(), () -> {}, line -> {
            mending.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        var bridge = engine.networks().list().getFirst().bridge();
        assertThat(new ProcessBuilder("ip", "link", "delete", bridge).start().waitFor())
                .isZero();
        mending.await();
        var closing = Thread.ofPlatform().start(watch::close);
        try {
            await().atMost(SOON).until(() -> closing.getState() == Thread.State.BLOCKED);
        } finally {
            goOn.countDown();
        }
        assertThat(closing.join(SOON)).isTrue();
    }
}
