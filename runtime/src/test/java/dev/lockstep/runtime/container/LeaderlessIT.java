package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A program whose main thread has ended while another one works ({@code pthread_exit} in {@code main}): the kernel says
 * zombie of it in {@code /proc/PID/stat}, and it lives.
 */
class LeaderlessIT {
    /** By the host's perl. The thread waits for SIGTERM and ends the program with code 7. */
    private static final String PROGRAM = """
            use threads;
            use POSIX qw(:signal_h);
            my ($wait, $exit, $end) = (POSIX::uname())[4] eq "aarch64" ? (137, 93, 94) : (128, 60, 231);
            sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM));
            threads->create(sub {
              my $signals = pack("Q", 1 << (SIGTERM - 1));
              syscall($wait, $signals, 0, 0, 8);
              syscall($end, 7);
            });
            syscall($exit, 0);
            """;

    @TempDir
    Path directory;

    Lab lab;
    private String id;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(
                directory,
                TestImage.busybox("test/busybox:1")
                        .layer(new TarBuilder()
                                .symlink("lib", "usr/lib")
                                .symlink("lib64", "usr/lib64")
                                .build()));
        id = lab.started(lab.wish("c")
                .mount(new MountSpec.Bind(Path.of("/usr"), "/usr", "/usr", true, false))
                .run("/usr/bin/perl", "-we", PROGRAM));
        var pid = Integer.parseInt(Files.readString(lab.files(id).pidFile()).strip());
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> Lab.read("/proc/" + pid + "/stat").contains("(perl) Z "));
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    @Test
    void it_runs_and_is_stopped_by_its_signal() throws IOException {
        assertThat(lab.running(id).supervised()).isTrue();
        assertThat(lab.containers.stop(id, Optional.of(Duration.ofSeconds(60))))
                .isInstanceOfSatisfying(StopResult.Stopped.class, stopped -> {
                    assertThat(stopped.killed()).isFalse();
                    assertThat(stopped.outcome().exitCode()).isEqualTo(7);
                });
    }

    @Test
    void a_clean_up_leaves_it_and_a_removal_is_refused() throws IOException {
        assertThat(lab.anotherProcess().cleanUp().actions()).isEmpty();
        assertThatThrownBy(() -> lab.containers.remove(id, false, false)).hasMessageContaining("is running");
        lab.containers.kill(id, "TERM");
        assertThat(lab.containers.await(id)).isEqualTo(7);
    }

    @Test
    void its_files_are_read_and_its_namespaces_are_entered() throws IOException {
        try (var tree = lab.containers.tree(id, "archive-path")) {
            assertThat(tree.root().status(RawPath.of("usr"))).isPresent();
        }
        var guest = lab.started(lab.wish("guest")
                .with(new Namespaces(
                        Optional.of(new NamespaceMode.Of("c")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()))
                .run("sleep", "600"));
        assertThat(lab.running(guest).supervised()).isTrue();
        lab.containers.stop(guest, Optional.of(Duration.ZERO));
    }

    @Test
    void it_is_killed_when_it_is_removed_by_force() throws IOException {
        var process = ProcessIdentity.of(lab.pid(id)).orElseThrow();
        lab.containers.remove(id, true, false);
        assertThat(process.isAlive()).isFalse();
    }
}
