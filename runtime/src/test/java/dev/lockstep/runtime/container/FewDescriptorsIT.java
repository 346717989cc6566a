package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FewDescriptorsIT {
    @TempDir
    Path directory;

    @Test
    void a_process_counts_as_alive_and_is_watched_when_there_are_descriptors_again() throws Exception {
        var process = FewDescriptors.start(directory);
        try {
            // In an emulated machine a JVM takes a minute to begin.
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
            assertThat(process.inputReader().lines().filter(line -> line.matches("(alive|watch): .*")))
                    .containsExactly(
                            "alive: not known",
                            "watch: not known",
                            "alive: true",
                            "watch: Supervisor",
                            "watch: Container");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
