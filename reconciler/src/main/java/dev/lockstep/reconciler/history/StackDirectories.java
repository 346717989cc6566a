package dev.lockstep.reconciler.history;

import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

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

    /** Removes what killed processes had begun to write of any stack's own files; see {@link AtomicFiles}. */
    public static void removeUnfinished(Root root, Instant now) throws IOException {
        for (var directory : all(root)) {
            AtomicFiles.removeUnfinished(directory, now);
        }
    }

    static boolean isName(String stack) {
        return stack.matches("[a-z0-9][a-z0-9_-]*");
    }

    static Path stacks(Root root) {
        return root.state().resolve("stacks");
    }

    /** Those that there are. */
    static List<Path> all(Root root) throws IOException {
        var found = new ArrayList<Path>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(stacks(root))) {
            for (var directory : directories) {
                if (isName(directory.getFileName().toString())) {
                    found.add(directory);
                }
            }
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return List.copyOf(found);
    }
}
