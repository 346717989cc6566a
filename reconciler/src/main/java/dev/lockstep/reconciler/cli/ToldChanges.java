package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What people were told of the host's own settings that were changed for containers: each sentence once, until it
 * changes or the host starts anew. {@code doctor} says all of them at any time.
 */
final class ToldChanges {
    private final Path file;

    /** @param run the run root, which is empty after a boot, as what is told of is undone by one */
    ToldChanges(Path run) {
        this.file = run.resolve("told-changes");
    }

    /** Those that nobody was told; from now on they were. */
    List<String> untold(List<String> changes) {
        var told = told();
        var untold = changes.stream().filter(change -> !told.contains(change)).toList();
        if (!untold.isEmpty()) {
            try {
                AtomicFiles.writeVolatile(file, String.join("\n", changes).getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // Then they are told once more.
            }
        }
        return untold;
    }

    private Set<String> told() {
        try {
            return Set.copyOf(Files.readAllLines(file));
        } catch (IOException e) {
            return Set.of();
        }
    }
}
