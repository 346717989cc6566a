package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.testing.ChildMachine;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processes pull the same image, and the one that receives is killed while the other waits for it. */
class PullTakeoverIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int LARGE = 3 << 20;

    @TempDir
    private Path directory;

    private static byte[] noise(int size) {
        var content = new byte[size];
        new Random(size).nextBytes(content);
        return new TarBuilder().file("noise-" + size, 0644, content).build();
    }

    @Test
    void who_waited_goes_on_where_the_killed_one_stopped_and_no_blob_comes_twice() throws Exception {
        var image = TestImage.unnamed().gzipLayer(noise(LARGE)).gzipLayer(noise(1000));
        var layer = image.blobs().stream()
                .max(Comparator.comparingInt(blob -> blob.content().length))
                .orElseThrow();
        var half = layer.content().length / 2;
        var over = new CountDownLatch(1);
        try (var registry = FakeRegistry.start()) {
            var reference = registry.serve("shop/app", "1", image);
            registry.when(layer.digest().toString(), 1, exchange -> {
                exchange.sendResponseHeaders(200, layer.content().length);
                exchange.getResponseBody().write(layer.content(), 0, half);
                exchange.getResponseBody().flush();
                hold(over);
            });
            Process first = null;
            Process second = null;
            try {
                first = StoreWork.PULL.start(ChildMachine.plain(), directory, reference);
                assertThat(first.inputReader().readLine()).isEqualTo("ready");
                await().atMost(SOON).until(() -> received(layer) == half);
                second = StoreWork.PULL.start(ChildMachine.plain(), directory, reference);
                assertThat(second.inputReader().readLine()).isEqualTo("ready");
                var waiting = second.pid();
                await().atMost(SOON).until(() -> waitsForALock(waiting));

                first.destroyForcibly().waitFor();

                assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
                assertThat(second.exitValue())
                        .as(Files.readString(directory.resolve("err")))
                        .isZero();
            } finally {
                over.countDown();
                for (var process : new Process[] {first, second}) {
                    if (process != null) {
                        process.destroyForcibly().waitFor();
                    }
                }
            }
            for (var blob : image.blobs()) {
                var ranges = registry.requests().stream()
                        .filter(request -> request.path().endsWith("/blobs/" + blob.digest()))
                        .map(FakeRegistry.Request::range)
                        .toList();
                if (blob.equals(layer)) {
                    assertThat(ranges).containsExactly(Optional.empty(), Optional.of("bytes=" + half + "-"));
                } else {
                    assertThat(ranges).as(blob.mediaType()).containsExactly(Optional.empty());
                }
            }
            try (var engine = StoreWork.engine(directory)) {
                assertThat(engine.images().find(ImageReference.parse(reference)))
                        .isPresent();
                assertThat(engine.housekeeping().verify().content().damaged()).isEmpty();
            }
        }
    }

    private static void hold(CountDownLatch over) {
        try {
            over.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private long received(TestImage.Blob blob) throws IOException {
        var name = blob.digest().hex() + ".partial";
        try (var found = Files.find(directory, 6, (path, _) -> path.endsWith(name))) {
            var partial = found.findFirst();
            return partial.isPresent() ? Files.size(partial.get()) : 0;
        }
    }

    /** {@code 1: -> FLOCK ADVISORY WRITE PID …} (proc(5), /proc/locks). */
    private static boolean waitsForALock(long pid) throws IOException {
        return Files.readString(Path.of("/proc/locks"))
                .lines()
                .anyMatch(line -> line.contains("-> FLOCK") && line.contains(" " + pid + " "));
    }
}
