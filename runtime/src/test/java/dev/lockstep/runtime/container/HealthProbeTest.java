package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.Poll;
import dev.lockstep.runtime.linux.ProcessSpawner;
import dev.lockstep.runtime.oci.OciRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HealthProbeTest {
    private static final Duration TIMEOUT = Duration.ofMillis(200);

    @TempDir
    Path directory;

    /** As a host does that finds the right time after its start. The program begins before, and never ends. */
    @Test
    void a_clock_that_is_set_back_does_not_take_the_timeout_away() throws IOException {
        var check = new EffectiveHealthCheck(
                List.of("true"), Duration.ofSeconds(30), TIMEOUT, Duration.ZERO, Duration.ofSeconds(5), 3);
        var pidFile = directory.resolve("pid");
        var nothing = new ProcessSpawner.Stream.Nothing();
        try (var probe = HealthProbe.start(
                check,
                Cgroups.detect().at("/"),
                pidFile,
                () -> Instant.now().minus(Duration.ofHours(1)),
                Flock.exclusive(directory.resolve("lock")),
                output -> new ProcessSpawner.Command(
                        List.of("/bin/sh", "-c", "echo $$ > " + pidFile + "; exec sleep 30"),
                        OciRuntime.ENVIRONMENT,
                        nothing,
                        new ProcessSpawner.Stream.Descriptor(output),
                        nothing,
                        List.of()))) {
            var result = probe.look();
            while (result.isEmpty()) {
                Poll.readable(probe.waitsFor(), probe.patience());
                result = probe.look();
            }
            // Else it is the program's own end.
            assertThat(probe.timedOut()).isTrue();
            assertThat(result.map(HealthResult::exitCode)).isEqualTo(Optional.of(-1));
        }
    }
}
