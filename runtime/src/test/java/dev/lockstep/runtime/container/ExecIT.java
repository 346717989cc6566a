package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Further programs in running containers: exec sessions and health probes. */
class ExecIT {
    @TempDir
    Path directory;

    Lab lab;
    String id = "";

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private void sleeper() throws IOException {
        id = lab.started(lab.wish("c").environment("WHO", "container").run("sleep", "600"));
    }

    @Test
    void exit_codes_are_the_programs_own_or_the_shells() throws IOException {
        sleeper();
        assertThat(lab.exec(id, "true").exitCode()).isZero();
        assertThat(lab.exec(id, "sh", "-c", "exit 3").exitCode()).isEqualTo(3);
        assertThat(lab.exec(id, "/etc").exitCode()).isEqualTo(126);
        var missing = lab.containers.exec(
                id,
                ExecSpec.of("/no/such"),
                new ExecStreams(
                        InputStream.nullInputStream(),
                        OutputStream.nullOutputStream(),
                        OutputStream.nullOutputStream()));
        assertThat(missing.exitCode()).isEqualTo(127);
        // A sentence, not a line of the runtime's log.
        assertThat(missing.error().orElseThrow()).contains("/no/such").doesNotContain("level=", "msg=");
        assertThat(lab.exec(id, "sh", "-c", "kill -9 $$").exitCode()).isEqualTo(137);
        // The container's own exit is untouched by that of its sessions.
        assertThat(lab.files(id).exit()).doesNotExist();
        assertThat(lab.files(id).sessions()).isEmptyDirectory();
    }

    @Test
    void the_streams_are_kept_apart_and_input_arrives() throws IOException {
        sleeper();
        var said = lab.exec(
                id,
                new ExecSpec(
                        List.of("sh", "-c", "cat; echo oops >&2"),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        true,
                        false),
                "a line\n");
        assertThat(said).isEqualTo(new Lab.Said(0, "a line\n", "oops\n"));
    }

    @Test
    void a_large_output_arrives_whole() throws IOException {
        sleeper();
        var said = lab.exec(id, "sh", "-c", "seq 1 100000");
        assertThat(said.out().lines().count()).isEqualTo(100_000);
        assertThat(said.out()).endsWith("\n100000\n");
    }

    @Test
    void a_session_has_the_containers_environment_and_its_own_on_top() throws IOException {
        sleeper();
        var said = lab.exec(
                id,
                new ExecSpec(
                        List.of("sh", "-c", "echo $WHO $MORE; id -u; pwd"),
                        Map.of("MORE", "too"),
                        Optional.of("nobody"),
                        Optional.of("/tmp"),
                        false,
                        false,
                        false),
                "");
        assertThat(said.out()).isEqualTo("container too\n65534\n/tmp\n");
    }

    @Test
    void a_session_is_confined_like_the_container() throws IOException {
        sleeper();
        assertThat(lab.exec(id, "cat", "/proc/self/status").out())
                .contains("CapEff:\t00000000a80425fb")
                .contains("Seccomp:\t2");
    }

    @Test
    void a_terminal_is_one() throws IOException {
        sleeper();
        var said = lab.exec(
                id,
                new ExecSpec(
                        List.of("sh", "-c", "tty; echo $TERM"),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty(),
                        true,
                        false,
                        false),
                "");
        assertThat(said.out()).contains("/dev/pts/").contains("xterm");
    }

    /** As happens to who leaves a program that writes all the time. */
    @Test
    void a_person_may_leave_while_output_is_shown() throws IOException {
        sleeper();
        var heard = new CountDownLatch(1);
        var typist = new CompletableFuture<Thread>();
        var keys = new InputStream() {
            @Override
            public int read() {
                throw new UnsupportedOperationException();
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                typist.complete(Thread.currentThread());
                try {
                    heard.await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                }
                target[offset] = 16;
                target[offset + 1] = 17;
                return 2;
            }
        };
        var screen = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                heard.countDown();
                try {
                    // Which ends when the keys were understood.
                    assertThat(typist.join().join(Duration.ofSeconds(20))).isTrue();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                }
            }
        };
        var spec = new ExecSpec(
                List.of("sh", "-c", "echo there; exec sleep 600"),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                true,
                true,
                false);

        var left = lab.containers.exec(
                id, spec, new ExecStreams(keys, screen, OutputStream.nullOutputStream(), _ -> {}, DetachKeys.DEFAULT));

        assertThat(left).isEqualTo(new ExecResult(0, Optional.empty()));
    }

    @Test
    void a_terminal_has_the_size_of_the_persons_before_the_program_runs() throws IOException {
        sleeper();
        var out = new ByteArrayOutputStream();
        var said = lab.containers.exec(
                id,
                new ExecSpec(List.of("stty", "size"), Map.of(), Optional.empty(), Optional.empty(), true, true, false),
                new ExecStreams(
                        InputStream.nullInputStream(),
                        out,
                        out,
                        Optional.of(new Terminal.Size(11, 22)),
                        resize -> {},
                        DetachKeys.NONE));
        assertThat(said.exitCode()).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("11 22\r\n");
    }

    @Test
    void a_detached_session_runs_on() throws IOException {
        sleeper();
        var said = lab.exec(
                id,
                new ExecSpec(
                        List.of("sh", "-c", "echo done > /mark"),
                        Map.of(),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        false,
                        true),
                "");
        assertThat(said.exitCode()).isZero();
        org.awaitility.Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> lab.exec(id, "cat", "/mark").out().equals("done\n"));
    }

    @Test
    void what_detached_sessions_left_goes_with_a_later_one() throws IOException {
        sleeper();
        for (var program : new String[] {"true", "true", "sleep"}) {
            lab.exec(
                    id,
                    new ExecSpec(
                            List.of(program, "600"), Map.of(), Optional.empty(), Optional.empty(), false, false, true),
                    "");
        }
        assertThat(ContainerStore.names(lab.files(id).sessions())).hasSize(3);
        // Not at once: of others somebody reads how they ended.
        lab.exec(id, "true");
        assertThat(ContainerStore.names(lab.files(id).sessions())).hasSize(3);

        var longAgo = FileTime.from(Instant.now().minus(Duration.ofMinutes(6)));
        org.awaitility.Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            var sessions = lab.files(id).sessions();
            for (var name : ContainerStore.names(sessions)) {
                var exit = sessions.resolve(name).resolve("exits").resolve(id);
                if (Files.exists(exit)) {
                    Files.setLastModifiedTime(exit, longAgo);
                }
            }
            lab.exec(id, "true");
            assertThat(ContainerStore.names(sessions)).hasSize(1);
        });
    }

    @Test
    void a_stopped_container_takes_no_session() throws IOException {
        id = lab.started(lab.wish("c").run("true"));
        lab.containers.await(id);
        assertThatThrownBy(() -> lab.exec(id, "true")).hasMessageContaining("Container c is not running.");
    }
}
