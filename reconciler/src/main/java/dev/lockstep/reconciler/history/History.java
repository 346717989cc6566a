package dev.lockstep.reconciler.history;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.JsonLines;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
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

    /** Adds an entry to its stack's history, durably and under the next number. */
    public void append(HistoryEntry entry) throws IOException {
        var lines = lines(entry.stack(), StackDirectories.make(root, entry.stack()));
        try (var _ = Flock.exclusive(root.lock("history-numbers/" + entry.stack()))) {
            var last = lines.last();
            // Entries of an earlier version have no numbers: what is kept of them is counted.
            var number = last.isEmpty()
                    ? 0
                    : last.get().number() > 0
                            ? last.get().number()
                            : entries(entry.stack()).size();
            lines.append(entry.ofVersion(Version.text()).numbered(number + 1));
        }
    }

    /** All entries that are kept of a stack, oldest first; none for a stack without history. */
    public List<HistoryEntry> entries(String stack) throws IOException {
        var entries = new ArrayList<HistoryEntry>();
        for (var entry : lines(stack, StackDirectories.of(root, stack)).entries()) {
            entries.add(entry.number() > 0 ? entry : entry.numbered(entries.size() + 1));
        }
        return List.copyOf(entries);
    }

    /** The stacks that have a history, also those that are gone, by name. */
    public List<String> stacks() throws IOException {
        try (var directories = Files.list(StackDirectories.stacks(root))) {
            return directories
                    .filter(directory -> Files.exists(directory.resolve("history.jsonl"))
                            || Files.exists(directory.resolve("history.1.jsonl")))
                    .map(directory -> String.valueOf(directory.getFileName()))
                    .sorted()
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    private JsonLines<HistoryEntry> lines(String stack, Path directory) {
        return new JsonLines<>(root, HistoryEntry.class, directory.resolve("history"), "history/" + stack, rotateAt);
    }
}
