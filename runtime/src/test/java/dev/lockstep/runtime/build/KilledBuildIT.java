package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builds that are killed at any moment. */
class KilledBuildIT {
    @TempDir
    Path directory;

    /** With {@code -Dlockstep.count=300}: thirty times. */
    @Test
    void killed_at_any_moment_nothing_is_left_and_the_next_build_is_right() throws Exception {
        var rounds = Math.max(3, Integer.getInteger("lockstep.count", 40) / 10);
        var chance = new Random(Long.parseUnsignedLong(System.getProperty("lockstep.seed", "1")));
        var lab = new BuildLab(directory);
        lab.file("a.txt", "a\n");
        var dockerfile = Files.writeString(directory.resolve("Dockerfile"), """
                FROM busybox AS one
                COPY a.txt /x/
                RUN --mount=type=cache,target=/c --mount=target=/m,rw cp() { cat "$1" > "$2"; }; cp /m/a.txt /c/a; cp /c/a /b
                FROM busybox AS two
                WORKDIR /w/x
                RUN head -c 3000000 /dev/urandom > big
                FROM one
                COPY --from=two /w /w
                RUN wc -c < /w/x/big > /size; cat /x/a.txt /b >> /size
                """);
        var longest = 3_000_000L;
        for (var round = 0; round < rounds; round++) {
            var process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            BuildWork.class.getName(),
                            lab.directory.toString(),
                            dockerfile.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (var out = process.inputReader()) {
                assertThat(out.readLine()).isEqualTo("ready");
                var begun = System.nanoTime();
                if (process.waitFor(chance.nextLong(longest), TimeUnit.MICROSECONDS)) {
                    // The next ones are killed before they are done.
                    longest = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - begun);
                }
            } finally {
                process.destroyForcibly().waitFor();
            }
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(lab.processes()).isEmpty());
            var image = lab.build(lab.request(Files.readString(dockerfile)));
            assertThat(lab.tree(image).resolve("size")).as("round " + round).hasContent("3000000\na\na\n");
            assertThat(lab.root.state().resolve("images/tmp"))
                    .as("round " + round)
                    .isEmptyDirectory();
            assertThat(lab.images.verify().isGood()).isTrue();
            lab.close(); // Says what is left.
            new Builder(lab.rooms).forget(Duration.ZERO);
        }
    }
}
