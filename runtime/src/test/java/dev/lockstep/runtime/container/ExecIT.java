package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    void a_stopped_container_takes_no_session() throws IOException {
        id = lab.started(lab.wish("c").run("true"));
        lab.containers.await(id);
        assertThatThrownBy(() -> lab.exec(id, "true")).hasMessageContaining("Container c is not running.");
    }

    private Wish checked(String script, Duration timeout) {
        return lab.wish("c")
                .run("sleep", "600")
                .health(new HealthCheck(
                        Optional.of(List.of("CMD-SHELL", script)),
                        Optional.of(Duration.ofSeconds(1)),
                        Optional.of(timeout),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(2)));
    }

    @Test
    void probes_lead_to_healthy_and_unhealthy() throws IOException {
        id = lab.started(checked("echo looked; test -e /well", Duration.ofSeconds(10)));
        assertThat(lab.containers.observe(id).orElseThrow().health())
                .map(HealthState::status)
                .contains(HealthState.Status.STARTING);
        var failed = lab.containers.probe(id);
        assertThat(failed.exitCode()).isEqualTo(1);
        assertThat(failed.output()).isEqualTo("looked\n");
        lab.containers.probe(id);
        assertThat(lab.containers.observe(id).orElseThrow().health())
                .map(HealthState::status)
                .contains(HealthState.Status.UNHEALTHY);
        lab.exec(id, "touch", "/well");
        lab.containers.probe(id);
        // Another process sees it too: an agent that starts again goes on from there.
        assertThat(lab.anotherProcess().observe(id).orElseThrow().health())
                .map(HealthState::status)
                .contains(HealthState.Status.HEALTHY);
    }

    @Test
    void a_probe_that_hangs_is_killed_with_all_its_children() throws IOException {
        id = lab.started(checked("sleep 543 & sleep 544", Duration.ofMillis(300)));
        var result = lab.containers.probe(id);
        assertThat(result.exitCode()).isEqualTo(-1);
        assertThat(result.output()).startsWith("Health check exceeded timeout (0.3s)");
        assertThat(lab.exec(id, "ps").out()).doesNotContain("sleep 54");
    }

    @Test
    void a_probe_keeps_only_the_beginning_of_what_it_prints() throws IOException {
        id = lab.started(checked("seq 1 20000", Duration.ofSeconds(10)));
        assertThat(lab.containers.probe(id).output()).hasSize(4099).endsWith("...");
    }

    @Test
    void a_probe_that_cannot_run_says_why() throws IOException {
        id = lab.started(lab.wish("c")
                .run("sleep", "600")
                .health(new HealthCheck(
                        Optional.of(List.of("CMD", "/no/such")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty())));
        var result = lab.containers.probe(id);
        assertThat(result.exitCode()).isNotZero();
        assertThat(result.output()).contains("/no/such");
    }
}
