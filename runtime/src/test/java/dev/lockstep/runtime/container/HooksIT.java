package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs beside a container's start and stop. */
class HooksIT {
    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private static Hooks.Hook hook(String script) {
        return new Hooks.Hook(List.of("sh", "-c", script), Optional.empty(), false, Optional.empty(), Map.of());
    }

    private static final String WAIT = "trap 'cat /log; exit 0' TERM; while :; do sleep 1000 & wait; done";

    @Test
    void they_run_in_order_as_they_are_asked_to_and_before_the_signal() throws IOException {
        var id = lab.started(lab.wish("c")
                .user("1000:1000")
                .with(new Hooks(
                        List.of(
                                new Hooks.Hook(
                                        List.of(
                                                "sh",
                                                "-c",
                                                "echo \"$X $PWD $(id -u) $(grep CapEff /proc/self/status)\" > /log"),
                                        Optional.of("root"),
                                        true,
                                        Optional.of("/etc"),
                                        Map.of("X", "value")),
                                new Hooks.Hook(
                                        List.of("chmod", "666", "/log"),
                                        Optional.of("0"),
                                        false,
                                        Optional.empty(),
                                        Map.of()),
                                hook("echo second $(id -u) >> /log")),
                        List.of(hook("echo stopping >> /log"))))
                .shell(WAIT));
        var log = lab.exec(id, "cat", "/log").out().lines().toList();
        assertThat(log.get(0)).startsWith("value /etc 0 CapEff:").doesNotContain("00000000a80425fb");
        assertThat(log.get(1)).isEqualTo("second 1000");
        lab.containers.stop(id, Optional.of(Duration.ofSeconds(20)));
        assertThat(lab.log(id)).endsWith("stopping\n");
    }

    @Test
    void one_that_fails_ends_the_container_and_says_what_it_said() throws IOException {
        var id = lab.created(lab.wish("c")
                .with(new Hooks(List.of(hook("echo no way >&2; exit 3"), hook("echo never > /never")), List.of()))
                .restart(RestartPolicy.Condition.ALWAYS)
                .run("sleep", "600"));
        assertThatThrownBy(() -> lab.containers.start(id))
                .hasMessage("post_start[0] of container c failed: exit code 3: no way");
        assertThat(lab.state(id)).isNotInstanceOf(ContainerState.Running.class);
        assertThat(lab.containers.observe(id).orElseThrow().life().error().orElseThrow())
                .contains("post_start[0]");
        assertThat(lab.containers.startAgain(id)).isFalse();
    }

    @Test
    void one_that_fails_before_the_stop_keeps_it_running_and_a_kill_asks_nobody() throws IOException {
        var id = lab.started(lab.wish("c")
                .with(new Hooks(List.of(), List.of(hook("exit 4"))))
                .run("sleep", "600"));
        assertThatThrownBy(() -> lab.containers.stop(id, Optional.empty()))
                .hasMessage("pre_stop[0] of container c failed: exit code 4");
        assertThat(lab.state(id)).isInstanceOf(ContainerState.Running.class);
        lab.containers.remove(id, true, true);
    }
}
