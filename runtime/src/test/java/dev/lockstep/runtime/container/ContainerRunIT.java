package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one run of a container is like, from inside and outside. */
class ContainerRunIT {
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

    @Test
    void the_exit_code_and_both_streams_are_kept() throws IOException {
        var id = lab.started(lab.wish("c").shell("echo out; echo err >&2; exit 7"));
        assertThat(lab.containers.await(id)).isEqualTo(7);
        assertThat(lab.log(id)).contains("out\n").contains("err\n");
        var outcome = lab.containers.finishExit(id).orElseThrow();
        assertThat(outcome.exitCode()).isEqualTo(7);
        assertThat(outcome.lost()).isFalse();
        assertThat(lab.state(id)).isEqualTo(new ContainerState.Exited(outcome, true));
        // Finished: nothing of the run is left, and the answer stays the same.
        assertThat(lab.files(id).run()).doesNotExist();
        assertThat(lab.containers.finishExit(id)).contains(outcome);
        assertThat(lab.containers.await(id)).isEqualTo(7);
    }

    @Test
    void environment_user_directory_and_host_name_are_what_was_asked_for() throws IOException {
        var output = lab.output(lab.wish("c")
                .environment("GREETING", "hello world")
                .user("nobody")
                .workingDir("/made/for/it")
                .hostname("box")
                .shell("id; pwd; hostname; cat /etc/hostname; env"));
        assertThat(output)
                .contains("uid=65534(nobody) gid=65534(nobody) groups=65534(nobody)")
                .contains("/made/for/it\n")
                .contains("box\nbox\n")
                .contains("GREETING=hello world\n")
                .contains("HOME=/\n")
                .contains("HOSTNAME=box\n")
                .contains("PATH=/bin\n");
    }

    @Test
    void an_unknown_user_is_refused_and_leaves_a_created_container() throws IOException {
        var id = lab.created(lab.wish("c").user("nemo").run("true"));
        assertThatThrownBy(() -> lab.containers.start(id))
                .isInstanceOf(ContainerException.class)
                .hasMessageContaining("there is no user \"nemo\" in the container's /etc/passwd");
        assertThat(lab.state(id)).isInstanceOf(ContainerState.Created.class);
        assertThat(lab.containers.observe(id).orElseThrow().life().error()).isPresent();
        assertThat(lab.files(id).run()).doesNotExist();
    }

    @Test
    void a_program_that_does_not_exist_is_127_and_one_that_cannot_run_is_126() throws IOException {
        var missing = lab.created(lab.wish("missing").run("/no/such/program"));
        assertThatThrownBy(() -> lab.containers.start(missing))
                .isInstanceOfSatisfying(
                        ContainerException.class,
                        e -> assertThat(e.reason().exitCode()).isEqualTo(127));
        var directory = lab.created(lab.wish("directory").run("/etc"));
        assertThatThrownBy(() -> lab.containers.start(directory))
                .isInstanceOfSatisfying(
                        ContainerException.class,
                        e -> assertThat(e.reason().exitCode()).isEqualTo(126));
    }

    @Test
    void a_container_is_confined_as_docker_confines_it() throws IOException {
        var output = lab.output(lab.wish("c")
                .shell("cat /proc/1/status; ls -l /proc/1/fd; ls /dev; cat /proc/kcore | wc -c;"
                        + " echo x > /proc/sys/kernel/panic; echo cannot $?"));
        assertThat(output)
                .contains("CapEff:\t00000000a80425fb")
                .contains("CapBnd:\t00000000a80425fb")
                .contains("CapInh:\t0000000000000000")
                .contains("CapAmb:\t0000000000000000")
                .contains("NoNewPrivs:\t0")
                .contains("Seccomp:\t2")
                .contains("\n0\n")
                .doesNotContain("cannot 0");
        var descriptors = output.lines()
                .filter(line -> line.contains(" -> "))
                .filter(line -> line.contains("/dev/null") || line.contains("pipe:") || line.matches(".* [0-9]+ -> .*"))
                .map(line -> line.replaceAll(".* ([0-9]+) -> .*", "$1"))
                .toList();
        // 3 and above would be the shell's own directory handle at most; nothing of ours.
        assertThat(descriptors).contains("0", "1", "2").hasSizeLessThanOrEqualTo(4);
    }

    @Test
    void a_tun_device_cannot_be_opened() throws IOException {
        assertThat(
                        lab.output(
                                lab.wish("c")
                                        .shell(
                                                "busybox mknod /tun c 10 200; cat /tun; busybox mknod /zero c 1 5; head -c 3 /zero | wc -c")))
                .contains("Operation not permitted")
                .contains("3\n");
    }

    @Test
    void a_directory_behind_one_of_our_descriptors_is_refused() throws IOException {
        var id = lab.created(lab.wish("c").workingDir("/proc/self/fd/7").run("true"));
        assertThatThrownBy(() -> lab.containers.start(id)).isInstanceOf(ContainerException.class);
    }

    @Test
    void conmon_inherits_nothing_and_lives_in_a_cgroup_of_its_own() throws IOException {
        var id = lab.started(lab.wish("c").run("sleep", "60"));
        var conmon = Lab.read(lab.files(id).conmonPidFile().toString());
        var links = new ArrayList<String>();
        try (var fds = java.nio.file.Files.list(Path.of("/proc", conmon, "fd"))) {
            for (var fd : fds.toList()) {
                links.add(java.nio.file.Files.readSymbolicLink(fd).toString());
            }
        }
        assertThat(links).noneMatch(link -> link.endsWith(".jar") || link.contains("/modules"));
        assertThat(Lab.read("/proc/" + conmon + "/cgroup").lines())
                .anyMatch(line -> line.endsWith(ContainerFiles.supervisorCgroup(lab.root)));
        assertThat(Lab.read("/proc/" + conmon + "/environ").replace('\0', '\n'))
                .doesNotContain("HOME=")
                .contains("PATH=");
    }

    @Test
    void stopping_sends_the_stop_signal_and_waits() throws IOException {
        var id = lab.started(
                lab.wish("c").shell("trap 'echo bye; exit 3' TERM; echo ready; while true; do sleep 0.05; done"));
        lab.awaitLog(id, "ready");
        var result = (StopResult.Stopped) lab.containers.stop(id, Optional.empty());
        assertThat(result.killed()).isFalse();
        assertThat(result.outcome().exitCode()).isEqualTo(3);
        assertThat(lab.log(id)).endsWith("bye\n");
        assertThat(lab.containers.stop(id, Optional.empty())).isInstanceOf(StopResult.NotRunning.class);
        assertThat(lab.containers.observe(id).orElseThrow().life().stoppedByUser())
                .isTrue();
    }

    @Test
    void a_stop_of_what_has_done_its_work_leaves_it_done() throws IOException {
        for (var code : List.of(0, 3)) {
            var id = lab.started(lab.wish("c" + code).shell("exit " + code));
            assertThat(lab.containers.await(id)).isEqualTo(code);
            assertThat(lab.containers.stop(id, Optional.empty())).isInstanceOf(StopResult.NotRunning.class);
            assertThat(lab.containers.observe(id).orElseThrow().life().stoppedByUser())
                    .isEqualTo(code != 0);
        }
        var again = lab.started(
                lab.wish("always").restart(RestartPolicy.Condition.ALWAYS).shell("exit 0"));
        assertThat(lab.containers.await(again)).isZero();
        lab.containers.stop(again, Optional.empty());
        assertThat(lab.containers.observe(again).orElseThrow().life().stoppedByUser())
                .as("it would be started again")
                .isTrue();
    }

    @Test
    void who_ignores_the_stop_signal_is_killed_when_the_grace_is_over() throws IOException {
        // Told when it ignores it: before that the runtime stands in for it, which may end of it.
        var id = lab.started(lab.wish("c")
                .grace(Duration.ofMillis(300))
                .shell("trap '' TERM; echo ready; while true; do sleep 0.05; done"));
        lab.awaitLog(id, "ready");
        var result = (StopResult.Stopped) lab.containers.stop(id, Optional.empty());
        assertThat(result.killed()).isTrue();
        assertThat(result.outcome().exitCode()).isEqualTo(137);
    }

    @Test
    void a_stop_signal_of_ones_own_is_used() throws IOException {
        var id = lab.started(lab.wish("c")
                .stopSignal("USR1")
                .shell("trap 'exit 9' USR1; echo ready; while true; do sleep 0.05; done"));
        lab.awaitLog(id, "ready");
        var result = (StopResult.Stopped) lab.containers.stop(id, Optional.empty());
        assertThat(result.outcome().exitCode()).isEqualTo(9);
    }

    @Test
    void a_signal_to_reload_does_not_count_as_a_stop() throws IOException {
        var id = lab.started(lab.wish("c")
                .restart(RestartPolicy.Condition.ALWAYS)
                .shell("trap 'echo reloaded' HUP; echo ready; while true; do sleep 0.05; done"));
        lab.awaitLog(id, "ready");
        lab.containers.kill(id, "HUP");
        lab.awaitLog(id, "reloaded");
        assertThat(lab.containers.observe(id).orElseThrow().life().stoppedByUser())
                .isFalse();
        lab.containers.kill(id, "KILL");
        assertThat(lab.containers.await(id)).isEqualTo(137);
        assertThat(lab.containers.observe(id).orElseThrow().life().stoppedByUser())
                .isTrue();
        assertThatThrownBy(() -> lab.containers.kill(id, "NONSENSE"))
                .hasMessageContaining("\"NONSENSE\" is not a signal");
    }

    @Test
    void starting_a_running_container_changes_nothing() throws IOException {
        var id = lab.started(lab.wish("c").run("sleep", "60"));
        var pid = lab.pid(id);
        lab.containers.start(id);
        assertThat(lab.pid(id)).isEqualTo(pid);
    }

    @Test
    void what_it_wrote_survives_a_restart_and_not_a_removal() throws IOException {
        var id = lab.started(lab.wish("c").shell("cat /mark; echo here > /mark"));
        lab.containers.await(id);
        lab.containers.start(id);
        lab.containers.await(id);
        assertThat(lab.log(id)).contains("here\n");
        lab.containers.remove(id, false, true);
        assertThat(lab.output(lab.wish("c").shell("cat /mark || echo gone"))).contains("gone");
    }

    @Test
    void a_running_container_is_removed_only_by_force() throws IOException {
        var id = lab.started(lab.wish("c").run("sleep", "60"));
        assertThatThrownBy(() -> lab.containers.remove(id, false, true)).hasMessageContaining("is running");
        lab.containers.remove(id, true, true);
        assertThat(lab.containers.observe(id)).isEmpty();
    }

    @Test
    void a_name_is_taken_until_its_container_is_removed() throws IOException {
        var id = lab.created(lab.wish("c").run("true"));
        assertThatThrownBy(() -> lab.created(lab.wish("c").run("true")))
                .hasMessageContaining("The container name \"c\" is taken by container " + id.substring(0, 12));
        assertThat(lab.containers.find("c")).map(ContainerRecord::id).contains(id);
        assertThat(lab.containers.find(id.substring(0, 6)))
                .map(ContainerRecord::id)
                .contains(id);
        lab.containers.remove(id, false, true);
        assertThat(lab.containers.find("c")).isEmpty();
        lab.created(lab.wish("c").run("true"));
    }

    @Test
    void a_replacement_inherits_the_name() throws IOException {
        var old = lab.started(lab.wish("c").run("sleep", "60"));
        var made = lab.containers.createReplacement(
                old, lab.wish("c").run("sleep", "61").spec());
        assertThat(lab.containers.find("c")).map(ContainerRecord::id).contains(old);
        lab.containers.remove(old, true, false);
        assertThat(lab.containers.find("c")).map(ContainerRecord::id).contains(made.id());
    }

    @Test
    void containers_start_side_by_side() throws Exception {
        var ids = new ArrayList<String>();
        for (var i = 0; i < 8; i++) {
            ids.add(lab.created(lab.wish("c" + i).run("sleep", "60")));
        }
        var failures = new java.util.concurrent.ConcurrentLinkedQueue<Throwable>();
        var threads = ids.stream()
                .map(id -> Thread.ofPlatform().start(() -> {
                    try {
                        lab.containers.start(id);
                    } catch (IOException | RuntimeException e) {
                        failures.add(e);
                    }
                }))
                .toList();
        for (var thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(lab.containers.observe()).hasSize(8).allMatch(ObservedContainer::isRunning);
    }

    @Test
    void an_observation_without_containers_is_empty() throws IOException {
        assertThat(lab.containers.observe()).isEqualTo(List.of());
        await().until(() -> lab.containers.find("nobody").isEmpty());
    }
}
