package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.ProcessSpawner.Command;
import dev.lockstep.runtime.linux.ProcessSpawner.Stream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessSpawnerIT {
    @TempDir
    Path directory;

    @Test
    void inherited_descriptors_become_3_and_4_also_when_they_are_opened_crosswise_and_nothing_else_is_inherited()
            throws IOException {
        var a = Files.writeString(directory.resolve("a"), "content of a");
        var b = Files.writeString(directory.resolve("b"), "content of b");
        var out = directory.resolve("out");
        try (var first = Fd.open(a);
                var second = Fd.open(b)) {
            var pid = spawn("cat <&4; cat <&3; echo; ls /proc/$$/fd; :", out, first, second);
            assertThat(ProcessSpawner.reap(pid)).isZero();
        }
        // dash has no descriptors of its own while it waits for a program; 0 to 4 are what it was given.
        assertThat(Files.readString(out)).isEqualTo("content of bcontent of a\n0\n1\n2\n3\n4\n");
    }

    @Test
    void the_child_leads_a_session_with_default_signals() throws IOException {
        var out = directory.resolve("out");
        var pid = spawn("ps -o sid= -p $$ | tr -d ' '; grep -E '^Sig(Blk|Ign)' /proc/self/status", out);
        assertThat(ProcessSpawner.reap(pid)).isZero();
        assertThat(Files.readString(out)).isEqualTo(pid + "\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    }

    @Test
    void the_exit_code_or_the_signal_is_reported() throws IOException {
        assertThat(ProcessSpawner.reap(spawn("exit 7", directory.resolve("out"))))
                .isEqualTo(7);
        assertThat(ProcessSpawner.reap(spawn("kill -9 $$", directory.resolve("out"))))
                .isEqualTo(137);
    }

    @Test
    void a_child_does_not_begin_in_our_directory() throws IOException {
        var out = directory.resolve("out");
        assertThat(ProcessSpawner.reap(spawn("pwd", out))).isZero();
        assertThat(Files.readString(out)).isEqualTo("/\n");
    }

    @Test
    void a_child_begins_in_a_cgroup_in_every_tree_and_we_stay_where_we_are() throws IOException {
        var ours = Files.readString(Path.of("/proc/self/cgroup"));
        var cgroup =
                Cgroups.detect().at("/lockstep-spawn-" + ProcessHandle.current().pid());
        cgroup.create();
        try {
            var out = directory.resolve("out");
            assertThat(ProcessSpawner.reap(cgroup.spawn(command("cat /proc/self/cgroup", out))))
                    .isZero();
            // Trees of version 1 that are not ours are none of ours, as in .ci/v2.
            assertThat(Files.readAllLines(out))
                    .hasSameSizeAs(ours.lines().toList())
                    .filteredOn(line -> !cgroup.isUnified() || line.startsWith("0::"))
                    .isNotEmpty()
                    .allMatch(line -> line.endsWith(":" + cgroup));
            assertThat(Files.readString(Path.of("/proc/self/cgroup"))).isEqualTo(ours);
            // A thread is gone a moment later than it has ended for Java.
            await().untilAsserted(() -> assertThat(cgroup.processes()).isEmpty());
        } finally {
            await().until(cgroup::remove);
        }
    }

    @Test
    void a_missing_program_is_an_error_of_the_start() {
        assertThatThrownBy(() -> ProcessSpawner.spawn(new Command(
                        List.of("/no/such/program"),
                        List.of(),
                        new Stream.Nothing(),
                        new Stream.Nothing(),
                        new Stream.Nothing(),
                        List.of())))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining("posix_spawn /no/such/program: ENOENT");
    }

    private static int spawn(String script, Path out, Fd... inherited) throws IOException {
        return ProcessSpawner.spawn(command(script, out, inherited));
    }

    private static Command command(String script, Path out, Fd... inherited) {
        return new Command(
                List.of("/bin/sh", "-c", script),
                List.of("PATH=/usr/bin:/bin"),
                new Stream.Nothing(),
                new Stream.Append(out),
                new Stream.Append(out),
                List.of(inherited));
    }
}
