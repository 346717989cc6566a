package dev.lockstep.reconciler.history;

import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;

/** Where a stack's own files lie. A name is checked before it becomes a path. */
public final class StackDirectories {
    private StackDirectories() {}

    /**
     * The stack's directory, which need not exist.
     *
     * @throws IllegalArgumentException when there can be no stack of that name
     */
    public static Path of(Root root, String stack) {
        if (!isName(stack)) {
            throw new IllegalArgumentException("not a name of a stack: " + stack);
        }
        return stacks(root).resolve(stack);
    }

    /** The same, made where there is none. */
    public static Path make(Root root, String stack) throws IOException {
        var directory = of(root, stack);
        Root.directory(stacks(root));
        return Root.directory(directory);
    }

    static boolean isName(String stack) {
        return stack.matches("[a-z0-9][a-z0-9_-]*");
    }

    static Path stacks(Root root) {
        return root.state().resolve("stacks");
    }
}
