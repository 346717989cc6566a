package dev.lockstep.reconciler.history;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The history of the stacks of one root: {@code stacks/STACK/history.jsonl}, one JSON object per line, oldest first,
 * each with {@code "format"}. Lines are only ever added, and are on disk when {@link #append} returns.
 *
 * <p>A line that a power cut tore is left where it is and skipped by readers; the next line begins on its own. Above a
 * size the file becomes {@code history.1.jsonl} and a new one begins, so between one and two times that size is kept.
 */
public final class History {
    /** About 10 000 runs with a handful of operations. */
    public static final long DEFAULT_SIZE = 8L << 20;

    private static final int FORMAT = 1;

    private final Root root;
    private final JsonMapper json;
    private final long rotateAt;

    public History(Root root) {
        this(root, DEFAULT_SIZE);
    }

    /** @param rotateAt bytes of one file */
    public History(Root root, long rotateAt) {
        this.root = root;
        this.json = root.json();
        this.rotateAt = rotateAt;
    }

    /** Adds an entry to its stack's history, durably. */
    public void append(HistoryEntry entry) throws IOException {
        var directory = StackDirectories.make(root, entry.stack());
        var object = json.createObjectNode();
        object.put("format", FORMAT);
        object.setAll(json.<ObjectNode>valueToTree(entry));
        var line = json.writeValueAsString(object) + "\n";
        try (var _ = Flock.exclusive(root.lock("history/" + entry.stack()))) {
            var file = current(directory);
            if (Files.exists(file) && Files.size(file) >= rotateAt) {
                AtomicFiles.publish(file, previous(directory));
            }
            append(file, line);
        }
    }

    private static void append(Path file, String line) throws IOException {
        var isNew = Files.notExists(file);
        try (var channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            var end = channel.size();
            var text = endsTorn(channel, end) ? "\n" + line : line;
            var buffer = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (buffer.hasRemaining()) {
                end += channel.write(buffer, end);
            }
            channel.force(true);
        }
        if (isNew) {
            AtomicFiles.syncDirectory(file.resolveSibling("."));
        }
    }

    private static boolean endsTorn(FileChannel channel, long size) throws IOException {
        if (size == 0) {
            return false;
        }
        var last = ByteBuffer.allocate(1);
        channel.read(last, size - 1);
        return last.get(0) != '\n';
    }

    /** All entries that are kept of a stack, oldest first; none for a stack without history. */
    public List<HistoryEntry> entries(String stack) throws IOException {
        var directory = StackDirectories.of(root, stack);
        var entries = new ArrayList<HistoryEntry>();
        for (var file : List.of(previous(directory), current(directory))) {
            try {
                for (var line : Files.readString(file).split("\n", -1)) {
                    read(line, entries);
                }
            } catch (NoSuchFileException e) {
                // Not rotated yet, or nothing happened yet.
            }
        }
        return List.copyOf(entries);
    }

    private void read(String line, List<HistoryEntry> entries) {
        if (line.isBlank()) {
            return;
        }
        try {
            JsonNode object = json.readTree(line);
            // A newer Lockstep's lines: what they mean is not known here, and history is only for reading.
            if (object.path("format").asInt() <= FORMAT) {
                entries.add(json.treeToValue(object, HistoryEntry.class));
            }
        } catch (IOException | IllegalArgumentException e) {
            // Torn by a power cut.
        }
    }

    private static Path current(Path directory) {
        return directory.resolve("history.jsonl");
    }

    private static Path previous(Path directory) {
        return directory.resolve("history.1.jsonl");
    }
}
