package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Signal;
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

class EndWatchIT {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(1);

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
    void an_end_is_told_and_of_nobody_else() throws IOException {
        var first = lab.started(lab.wish("first").run("sleep", "600"));
        var second = lab.started(lab.wish("second").run("sleep", "600"));
        try (var watch = lab.containers.watchEnds()) {
            assertThat(watch.watch(first)).isTrue();
            assertThat(watch.watch(second)).isTrue();
            assertThat(watch.await(SHORT)).isEmpty();

            lab.containers.kill(first, "KILL");

            assertThat(watch.await(LONG)).containsExactly(first);
            assertThat(watch.watch(first)).isFalse();
            assertThat(watch.await(SHORT)).isEmpty();
        }
    }

    @Test
    void what_does_not_run_has_to_be_looked_at() throws IOException {
        var made = lab.created(lab.wish("made").run("sleep", "600"));
        try (var watch = lab.containers.watchEnds()) {
            assertThat(watch.watch(made)).isFalse();
            assertThat(watch.watch("0".repeat(64))).isFalse();
        }
    }

    @Test
    void the_end_of_one_whose_supervisor_was_killed_is_told_too() throws IOException {
        var id = lab.started(lab.wish("alone").run("sleep", "600"));
        try (var watch = lab.containers.watchEnds()) {
            assertThat(watch.watch(id)).isTrue();
            end(Integer.parseInt(Files.readString(lab.files(id).conmonPidFile())));
            Awaitility.await()
                    .untilAsserted(
                            () -> assertThat(lab.running(id).supervised()).isFalse());
            assertThat(watch.await(SHORT)).isEmpty();

            end(lab.pid(id));

            assertThat(watch.await(LONG)).containsExactly(id);
        }
    }

    private static void end(int pid) throws IOException {
        try (var process = Pidfd.open(ProcessIdentity.of(pid).orElseThrow()).orElseThrow()) {
            process.send(Signal.KILL);
        }
    }

    @Test
    void the_next_run_is_another_one() throws IOException {
        var id = lab.started(lab.wish("again").run("sleep", "600"));
        try (var watch = lab.containers.watchEnds()) {
            assertThat(watch.watch(id)).isTrue();
            lab.containers.restart(id, Optional.of(Duration.ZERO));

            assertThat(watch.await(LONG)).containsExactly(id);
            assertThat(watch.watch(id)).isTrue();
            assertThat(watch.await(SHORT)).isEmpty();
        }
    }

    @Test
    void descriptors_are_given_back() throws IOException {
        var id = lab.started(lab.wish("c").run("sleep", "600"));
        var before = pidfds();
        var watch = lab.containers.watchEnds();
        watch.watch(id);
        watch.watch(id);
        assertThat(pidfds()).isEqualTo(before + 1);

        watch.close();

        assertThat(pidfds()).isEqualTo(before);
    }

    private static long pidfds() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(EndWatchIT::isPidfd).count();
        }
    }

    private static boolean isPidfd(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString().contains("pidfd");
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }
}
