package dev.lockstep.reconciler.history;

import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The status of each stack, {@code stacks/STACK/status.json}. */
public final class StatusFiles {
    private final Root root;
    private final StateFile<StackStatus> state;

    public StatusFiles(Root root) {
        this.root = root;
        this.state = root.stateFile(StackStatus.class, 1);
    }

    public void write(StackStatus status) throws IOException {
        state.write(file(StackDirectories.make(root, status.stack())), status);
    }

    public Optional<StackStatus> read(String stack) throws IOException {
        return state.read(file(StackDirectories.of(root, stack)));
    }

    /** All stacks that have a status, sorted by name. */
    public List<StackStatus> all() throws IOException {
        var all = new ArrayList<StackStatus>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(StackDirectories.stacks(root))) {
            for (var directory : directories) {
                state.read(file(directory)).ifPresent(all::add);
            }
        } catch (NoSuchFileException e) {
            return List.of();
        }
        all.sort(Comparator.comparing(StackStatus::stack));
        return List.copyOf(all);
    }

    /** Forgets a stack that a person took down; its history and its files stay. */
    public void remove(String stack) throws IOException {
        AtomicFiles.delete(file(StackDirectories.of(root, stack)));
    }

    private static Path file(Path directory) {
        return directory.resolve("status.json");
    }
}
