package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Not one byte is free where records, logs and what containers write are kept. The run root, as on any host, is
 * elsewhere.
 */
class FullDiskIT {
    @TempDir
    Path directory;

    private Path disk;
    private Lab lab;

    @BeforeEach
    void open() throws IOException {
        disk = Files.createDirectory(directory.resolve("disk"));
        Mounts.tmpfs(disk, 48 << 20, 0700, List.of());
        var place = Files.createDirectory(directory.resolve("lab"));
        Files.createSymbolicLink(place.resolve("state"), Files.createDirectory(disk.resolve("state")));
        lab = new Lab(place);
    }

    @AfterEach
    void close() throws IOException {
        try {
            Files.deleteIfExists(disk.resolve("rest"));
            lab.close();
        } finally {
            Mounts.unmount(disk);
        }
    }

    private void fill() throws IOException {
        try (var out = Files.newOutputStream(disk.resolve("rest"))) {
            var piece = new byte[4096];
            while (true) {
                out.write(piece);
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("No space left");
        }
    }

    /** Or nobody could make room by removing what fills it. */
    @Test
    void containers_are_stopped_killed_and_removed_all_the_same() throws IOException {
        var first = lab.started(
                lab.wish("first").restart(RestartPolicy.Condition.ALWAYS).run("sleep", "600"));
        var second = lab.started(lab.wish("second").run("sleep", "600"));
        var third = lab.started(lab.wish("third").shell("cat /dev/zero > /large; while :; do echo line; done"));
        var never = lab.created(lab.wish("never").run("sleep", "600"));
        fill();
        // By a program at another place than the one that made the root.
        new OnExitScript(lab.root).install(Optional.of(directory.resolve("elsewhere")));

        assertThat(lab.containers.stop(first, Optional.of(Duration.ZERO))).isInstanceOf(StopResult.Stopped.class);
        assertThat(lab.containers.observe(first).orElseThrow().life().stoppedByUser())
                .isTrue();
        lab.containers.kill(second, "KILL");
        assertThat(lab.containers.await(second)).isEqualTo(137);
        assertThat(lab.containers.finishExit(second)).map(ExitOutcome::exitCode).contains(137);
        for (var id : List.of(never, third, second, first)) {
            lab.containers.remove(id, true, true);
        }
        assertThat(lab.containers.observe()).isEmpty();
    }

    /** Commands bring what they start to what is asked for, first. */
    @Test
    void what_was_stopped_and_is_to_be_as_it_was_starts() throws IOException {
        var wish = lab.wish("c").run("sleep", "600");
        var id = lab.started(wish);
        fill();
        lab.containers.stop(id, Optional.of(Duration.ZERO));
        lab.containers.update(id, wish.spec());
        lab.containers.start(id);
        assertThat(lab.running(id).supervised()).isTrue();
    }

    @Test
    void what_ends_is_started_again_by_its_policy() throws Exception {
        var check = new HealthCheck(
                Optional.of(List.of("CMD", "true")),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        var id = lab.started(lab.wish("c")
                .restart(RestartPolicy.Condition.ON_FAILURE)
                .health(check)
                .shell("echo begins; exit 3"));
        lab.containers.await(id);
        fill();
        assertThat(lab.containers.restartByPolicy(id, () -> false)).isTrue();
        assertThat(lab.containers.await(id)).isEqualTo(3);
        assertThat(lab.containers.finishExit(id)).map(ExitOutcome::exitCode).contains(3);
        assertThat(lab.containers.observe(id).orElseThrow().life().restartCount())
                .isEqualTo(1);
    }
}
