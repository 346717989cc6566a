package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.oci.OciRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecFifoIT {
    private static final String ID = "victim";

    @TempDir
    Path state;

    private Path pipe;

    @BeforeEach
    void prepared() throws Exception {
        pipe = Files.createDirectory(state.resolve(ID)).resolve("exec.fifo");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
    }

    @Test
    void a_process_that_waits_at_the_pipe_goes_on_and_the_pipe_is_gone() throws Exception {
        var waiting = process("printf 0 > \"$0\" && exec sleep 60");
        try {
            assertThat(fifo("runc").letGo(identity(waiting))).isTrue();
            assertThat(pipe).doesNotExist();
            assertThat(waiting.isAlive()).isTrue();
        } finally {
            waiting.destroyForcibly().waitFor();
        }
    }

    @Test
    void a_process_that_becomes_a_program_that_ends_at_once_was_let_go_too() throws Exception {
        var waiting = process("printf 0 > \"$0\"");
        assertThat(fifo("runc").letGo(identity(waiting))).isTrue();
        assertThat(waiting.waitFor()).isZero();
    }

    @Test
    void of_a_process_that_ends_without_a_word_runc_is_asked() throws Exception {
        var waiting = process("read line");
        var identity = identity(waiting);
        waiting.getOutputStream().close();
        assertThat(fifo("runc").letGo(identity)).isFalse();
        assertThat(pipe).exists();
        waiting.waitFor();
    }

    @Test
    void one_that_waits_for_a_byte_goes_on_with_crun() throws Exception {
        // The pipe is open before anybody writes, as crun's is.
        var waiting = process("exec 3<>\"$0\" && echo here && head -c 1 <&3 >/dev/null && exec sleep 60");
        try {
            assertThat(waiting.inputReader().readLine()).isEqualTo("here");
            assertThat(fifo("crun").letGo(identity(waiting))).isTrue();
            assertThat(pipe).doesNotExist();
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> waiting.toHandle()
                            .info()
                            .command()
                            .filter(c -> c.endsWith("sleep"))
                            .isPresent());
        } finally {
            waiting.destroyForcibly().waitFor();
        }
    }

    @Test
    void of_a_process_that_is_gone_crun_is_asked() throws Exception {
        var gone = process("read line");
        var identity = identity(gone);
        gone.getOutputStream().close();
        gone.waitFor();
        assertThat(fifo("crun").letGo(identity)).isFalse();
        assertThat(pipe).exists();
    }

    @Test
    void other_runtimes_and_containers_without_the_pipe_are_started_by_a_command() {
        assertThat(ExecFifo.of(runtime("krun"), ID)).isEmpty();
        assertThat(ExecFifo.of(runtime("runc"), "another")).isEmpty();
    }

    private Process process(String script) throws IOException {
        return new ProcessBuilder("sh", "-c", script, pipe.toString()).start();
    }

    private static ProcessIdentity identity(Process process) throws IOException {
        return ProcessIdentity.of(Math.toIntExact(process.pid())).orElseThrow();
    }

    private ExecFifo fifo(String runtime) {
        return ExecFifo.of(runtime(runtime), ID).orElseThrow();
    }

    private OciRuntime runtime(String name) {
        return new OciRuntime(name, Path.of("/usr/sbin", name), state);
    }
}
