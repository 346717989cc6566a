package dev.lockstep.reconciler.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One at a time, and each says whom it waits for. */
class StackLockTest {
    private static final String ID = "a".repeat(64);
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private Root root;

    @BeforeEach
    void open() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
    }

    @Test
    void who_comes_second_to_a_container_of_no_stack_waits_until_it_goes_on() throws Exception {
        var told = new CopyOnWriteArrayList<String>();
        var second = new FutureTask<>(() -> StackLock.ofContainer(root, ID, "loose", LONG, told::add));
        try (var _ = StackLock.ofContainer(root, ID, "loose", LONG, told::add);
                // Another one, and a stack of that name, are something else.
                var _ = StackLock.ofContainer(root, "b".repeat(64), "other", Duration.ZERO, told::add);
                var _ = StackLock.take(root, ID, Duration.ZERO, told::add)) {
            Thread.ofPlatform().daemon().start(second);
            await().atMost(LONG)
                    .until(() -> told.equals(
                            List.of("process " + ProcessHandle.current().pid())));
            assertThat(second.isDone()).isFalse();
        }
        second.get(60, TimeUnit.SECONDS).close();
        assertThat(told).hasSize(1);
    }

    @Test
    void who_has_waited_long_enough_names_the_holder() throws Exception {
        try (var _ = StackLock.ofContainer(root, ID, "loose", LONG, _ -> {})) {
            assertThatThrownBy(() -> StackLock.ofContainer(root, ID, "loose", Duration.ZERO, _ -> {}))
                    .hasMessage("container loose stands still for process "
                            + ProcessHandle.current().pid() + "; try again when that is done");
        }
    }

    /** A run root that is full for a moment must not keep the stack locked for as long as this process lives. */
    @Test
    void who_cannot_note_that_it_is_he_has_the_lock_all_the_same_and_gives_it_back() throws Exception {
        Files.createSymbolicLink(root.lock("stack/web"), Path.of("/dev/full"));
        for (var time = 0; time < 2; time++) {
            try (var _ = StackLock.take(root, "web", Duration.ZERO, _ -> {})) {
                assertThat(Flock.tryShared(root.lock("stack/web"))).isEmpty();
            }
        }
        Files.delete(root.lock("stack/web"));
    }
}
