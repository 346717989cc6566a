package dev.lockstep.reconciler.history;

import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Which compose files a person last brought a stack up from, {@code stacks/STACK/applied-files.json}. Docker keeps that
 * in labels of the containers; here a stack that is moved to another directory is still the same, and none of its
 * containers is replaced. Whoever writes holds the stack's lock.
 */
public final class AppliedFiles {
    private record Applied(List<String> files) {}

    private final Root root;
    private final StateFile<Applied> state;

    public AppliedFiles(Root root) {
        this.root = root;
        this.state = root.stateFile(Applied.class, 1);
    }

    /** Absolute paths, {@code -} for what came from standard input; none where nobody wrote them down. */
    public List<String> of(String stack) throws IOException {
        return state.read(file(StackDirectories.of(root, stack)))
                .map(Applied::files)
                .orElse(List.of());
    }

    /** It is being brought up from these, whatever becomes of that. */
    public void write(String stack, List<String> files) throws IOException {
        state.write(file(StackDirectories.make(root, stack)), new Applied(files));
    }

    /** The stack was taken down. */
    public void forget(String stack) throws IOException {
        AtomicFiles.delete(file(StackDirectories.of(root, stack)));
    }

    private static Path file(Path directory) {
        return directory.resolve("applied-files.json");
    }
}
