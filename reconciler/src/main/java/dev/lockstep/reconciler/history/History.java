package dev.lockstep.reconciler.history;

import dev.lockstep.runtime.store.JsonLines;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The history of the stacks of one root: {@code stacks/STACK/history.jsonl}, as {@link JsonLines} writes it. */
public final class History {
    /** About 10 000 runs with a handful of operations. */
    public static final long DEFAULT_SIZE = 8L << 20;

    private final Root root;
    private final long rotateAt;

    public History(Root root) {
        this(root, DEFAULT_SIZE);
    }

    /** @param rotateAt bytes of one file */
    public History(Root root, long rotateAt) {
        this.root = root;
        this.rotateAt = rotateAt;
    }

    /** Adds an entry to its stack's history, durably. */
    public void append(HistoryEntry entry) throws IOException {
        lines(entry.stack(), StackDirectories.make(root, entry.stack())).append(entry);
    }

    /** All entries that are kept of a stack, oldest first; none for a stack without history. */
    public List<HistoryEntry> entries(String stack) throws IOException {
        return lines(stack, StackDirectories.of(root, stack)).entries();
    }

    private JsonLines<HistoryEntry> lines(String stack, Path directory) {
        return new JsonLines<>(root, HistoryEntry.class, directory.resolve("history"), "history/" + stack, rotateAt);
    }
}
