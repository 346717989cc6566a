package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines to a process that reads them one by one and does something for each. */
class FifoIT {
    @TempDir
    private Path directory;

    @Test
    void a_line_waits_until_the_one_before_it_is_done_and_not_only_read() throws Exception {
        var fifo = directory.resolve("ctl");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor())
                .isZero();
        // It works for some thousandths of a second before it waits again, in all of which it has nothing to read.
        var reader = new ProcessBuilder("sh", "-c", """
                exec 3<>ctl; echo ready
                read line <&3; i=0; while [ $i -lt 4000 ]; do i=$((i+1)); done; : >done
                read line <&3; read line <&3
                """)
                .directory(directory.toFile())
                .start();
        try {
            assertThat(reader.inputReader().readLine()).isEqualTo("ready");
            var process = ProcessIdentity.of((int) reader.pid());
            assertThat(Fifo.writeLine(fifo, process, "one")).isTrue();
            var begin = System.nanoTime();
            assertThat(Fifo.writeLine(fifo, process, "two")).isTrue();
            // On a host that is as slow as that it has waited for as long as it may.
            var longest = Duration.ofNanos(System.nanoTime() - begin).compareTo(Duration.ofSeconds(1)) >= 0;
            assertThat(longest || Files.exists(directory.resolve("done"))).isTrue();
        } finally {
            reader.destroyForcibly().waitFor();
        }
        assertThat(Fifo.writeLine(fifo, Optional.empty(), "nobody hears")).isFalse();
    }
}
