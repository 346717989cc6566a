package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StepWorkspaceIT {
    /** Whoever ends the process on Ctrl-C asks for that, however long it takes. */
    @Test
    void while_its_files_are_removed_the_build_is_undoing_and_not_after(@TempDir Path directory) throws Exception {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var cancellation = new Cancellation();
        var workspace = StepWorkspace.open(root, cancellation);
        for (var i = 0; i < 20_000; i++) {
            Files.createFile(workspace.upper().resolve("f" + i));
        }
        assertThat(cancellation.isUndoing()).isFalse();
        var looks = new CountDownLatch(1);
        var seen = CompletableFuture.supplyAsync(() -> {
            looks.countDown();
            while (!cancellation.isUndoing()) {
                Thread.onSpinWait();
                if (isEmpty(root)) {
                    return false;
                }
            }
            return true;
        });
        looks.await();
        workspace.close();
        assertThat(seen.get()).isTrue();
        assertThat(cancellation.isUndoing()).isFalse();
        assertThat(isEmpty(root)).isTrue();
    }

    private static boolean isEmpty(Root root) {
        try (var left = Files.list(root.state().resolve("build-steps"))) {
            return left.findAny().isEmpty();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
