package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

    /** With something that it left behind and that keeps its output open. */
    private static final String HANGS = "echo stuck; setsid sleep 1234 & exec sleep 4321";

    @Test
    void one_that_hangs_is_killed_with_what_it_began_and_the_rest_is_as_if_it_had_failed() throws IOException {
        var impatient = new Containers(lab.rooms(), Duration.ofSeconds(1));
        var late = lab.created(lab.wish("late")
                .with(new Hooks(List.of(hook(HANGS)), List.of()))
                .grace(Duration.ofMillis(100))
                .run("sleep", "600"));
        assertThatThrownBy(() -> impatient.start(late))
                .hasMessage("post_start[0] of container late did not end within 1s and was killed; a longer"
                        + " healthcheck.start_period gives it more time: stuck");
        assertThat(lab.state(late)).isNotInstanceOf(ContainerState.Running.class);

        var wish = lab.wish("stubborn")
                .with(new Hooks(List.of(), List.of(hook(HANGS))))
                .grace(Duration.ofSeconds(2))
                .run("sleep", "600");
        var stubborn = lab.started(wish);
        assertThatThrownBy(() -> impatient.stop(stubborn, Optional.of(Duration.ofMillis(100))))
                // Its own grace, which is longer: what a person gives the program says nothing about the hook.
                .hasMessage("pre_stop[0] of container stubborn did not end within 2s and was killed; a longer"
                        + " stop_grace_period gives it more time: stuck");
        assertThat(lab.state(stubborn)).isInstanceOf(ContainerState.Running.class);
        assertThat(lab.exec(stubborn, "ps").out()).doesNotContain("4321").contains("sleep 600");
        assertThat(ContainerStore.names(new ContainerFiles(lab.root, stubborn).sessions()))
                .isEmpty();
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

    @Test
    void one_that_fails_before_the_stop_since_the_program_has_ended_does_not_undo_the_stop() throws IOException {
        var id = lab.started(lab.wish("c")
                .with(new Hooks(List.of(), List.of(hook("touch /end; exec sleep 600"))))
                .restart(RestartPolicy.Condition.ALWAYS)
                .shell("until [ -e /end ]; do sleep 0.1; done; exit 7"));
        lab.containers.stop(id, Optional.empty());
        var seen = lab.containers.observe(id).orElseThrow();
        assertThat(seen.state())
                .isInstanceOfSatisfying(
                        ContainerState.Exited.class,
                        exited -> assertThat(exited.outcome().exitCode()).isEqualTo(7));
        assertThat(seen.life().stoppedByUser()).isTrue();
        assertThat(lab.containers.startAgain(id)).isFalse();
    }

    /** Killed before the hook, or in it: the container had run for good, and nothing said that a hook was due. */
    @ParameterizedTest
    @EnumSource(
            value = FailPoint.Step.class,
            names = {"START_STARTED", "START_RECORDED"})
    void a_container_whose_hooks_were_cut_off_is_not_left_running_without_them(FailPoint.Step step) throws IOException {
        for (var policy : List.of(RestartPolicy.Condition.ALWAYS, RestartPolicy.Condition.NO)) {
            var id = lab.created(lab.wish("c-" + policy.name().toLowerCase(Locale.ROOT))
                    .with(new Hooks(List.of(hook("echo done > /hooked")), List.of()))
                    .grace(Duration.ofMillis(100))
                    .restart(policy)
                    .run("sleep", "600"));
            lab.killAt(step);
            assertThatThrownBy(() -> lab.containers.start(id)).isInstanceOf(Lab.Killed.class);
            lab.liveOn();
            var next = lab.anotherProcess();
            assertThat(next.cleanUp().actions()).anyMatch(a -> a.endsWith("whose post_start hooks were cut off"));
            assertThat(lab.state(id)).isInstanceOf(ContainerState.Exited.class);
            // Nobody has asked for that end.
            assertThat(next.startAgain(id)).isEqualTo(policy == RestartPolicy.Condition.ALWAYS);
            next.start(id);
            assertThat(lab.exec(id, "cat", "/hooked").out()).isEqualTo("done\n");
            // And now it is whole.
            var pid = lab.pid(id);
            assertThat(next.cleanUp().actions()).isEmpty();
            next.start(id);
            assertThat(lab.pid(id)).isEqualTo(pid);
        }
    }

    @Test
    void a_start_begins_anew_where_the_hooks_of_the_one_before_were_cut_off() throws IOException {
        var id = lab.created(lab.wish("c")
                .with(new Hooks(List.of(hook("echo done > /hooked")), List.of()))
                .grace(Duration.ofMillis(100))
                .run("sleep", "600"));
        lab.killAt(FailPoint.Step.START_RECORDED);
        assertThatThrownBy(() -> lab.containers.start(id)).isInstanceOf(Lab.Killed.class);
        lab.liveOn();
        lab.anotherProcess().start(id);
        assertThat(lab.exec(id, "cat", "/hooked").out()).isEqualTo("done\n");
    }
}
