package dev.lockstep.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pull of what is here already, in a process that has done it before. */
class PresentPullIT {
    private static final int ROUNDS = 100;
    private static final Duration GOAL = Duration.ofMillis(20);

    @TempDir
    private Path directory;

    private static TestImage image() {
        var image = TestImage.unnamed();
        for (var layer = 0; layer < 10; layer++) {
            var content = ("layer " + layer).getBytes(StandardCharsets.US_ASCII);
            image.gzipLayer(new TarBuilder().file("f" + layer, 0644, content).build());
        }
        return image;
    }

    @Test
    void what_is_here_costs_one_question_no_bytes_and_no_time_to_speak_of() throws IOException {
        try (var registry = FakeRegistry.start();
                var engine = StoreWork.engine(directory)) {
            var reference = ImageReference.parse(registry.serve("shop/app", "1", image()));
            var digest = engine.pull(reference, Progress.NONE).digest();
            var before = registry.requests().size();
            var took = new ArrayList<Duration>();
            for (var round = 0; round < ROUNDS; round++) {
                var begin = System.nanoTime();
                assertThat(engine.pull(reference, Progress.NONE).digest()).isEqualTo(digest);
                took.add(Duration.ofNanos(System.nanoTime() - begin));
            }
            took.sort(Comparator.naturalOrder());
            System.out.println("a pull of what is here: median " + took.get(ROUNDS / 2) + ", least " + took.getFirst());

            // The least, since others use the machine too.
            assertThat(took.getFirst()).isLessThanOrEqualTo(GOAL);
            assertThat(registry.requests().subList(before, registry.requests().size()))
                    .hasSize(ROUNDS)
                    .allMatch(request ->
                            request.method().equals("HEAD") && request.path().equals("/v2/shop/app/manifests/1"));

            // By digest nobody is asked.
            var asked = registry.requests().size();
            engine.pull(reference.withDigest(digest), Progress.NONE);
            assertThat(registry.requests()).hasSize(asked);
        }
    }
}
