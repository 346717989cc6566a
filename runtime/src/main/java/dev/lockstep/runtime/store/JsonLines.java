package dev.lockstep.runtime.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.Flock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A record of what happened, {@code NAME.jsonl}: one JSON object per line, oldest first, each with {@code "format"}.
 * Lines are only ever added, and are on disk when {@link #append} returns.
 *
 * <p>A line that a power cut tore is left where it is and skipped by readers; the next line begins on its own. Above a
 * size the file becomes {@code NAME.1.jsonl} and a new one begins, so between one and two times that size is kept.
 *
 * @param <T> what a line says
 */
public final class JsonLines<T> {
    private static final int FORMAT = 1;
    /** Mostly enough for a line. */
    private static final long TAIL = 16 << 10;

    private final Root root;
    private final JsonMapper json;
    private final Class<T> type;
    private final Path current;
    private final Path previous;
    private final String lock;
    private final long rotateAt;

    /**
     * @param file without its ending
     * @param lock name of the lock below {@code locks/}
     * @param rotateAt bytes of one file
     */
    public JsonLines(Root root, Class<T> type, Path file, String lock, long rotateAt) {
        this.root = root;
        this.json = root.json();
        this.type = type;
        this.current = file.resolveSibling(file.getFileName() + ".jsonl");
        this.previous = file.resolveSibling(file.getFileName() + ".1.jsonl");
        this.lock = lock;
        this.rotateAt = rotateAt;
    }

    /** Adds a line, durably. Its directory must exist. */
    public void append(T entry) throws IOException {
        var object = json.createObjectNode();
        object.put("format", FORMAT);
        object.setAll(json.<ObjectNode>valueToTree(entry));
        var line = json.writeValueAsString(object) + "\n";
        try (var _ = Flock.exclusive(root.lock(lock))) {
            if (Files.exists(current) && Files.size(current) >= rotateAt) {
                AtomicFiles.publish(current, previous);
            }
            append(line);
        }
    }

    private void append(String line) throws IOException {
        var isNew = Files.notExists(current);
        try (var channel = FileChannel.open(
                current,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            var end = channel.size();
            var text = endsTorn(channel, end) ? "\n" + line : line;
            var buffer = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (buffer.hasRemaining()) {
                end += channel.write(buffer, end);
            }
            channel.force(true);
        } catch (FileSystemException e) {
            throw e; // says where
        } catch (IOException e) {
            throw new IOException("cannot write " + current + ": " + e.getMessage(), e);
        }
        if (isNew) {
            AtomicFiles.syncDirectory(Objects.requireNonNull(current.getParent(), "a file has a directory"));
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

    /** Everything that is kept, oldest first; nothing when nothing was ever written. */
    public List<T> entries() throws IOException {
        var entries = new ArrayList<T>();
        for (var file : List.of(previous, current)) {
            try {
                // Not readString, which refuses all of a file with a line that was torn within a character.
                var text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
                for (var line : text.split("\n", -1)) {
                    read(line, entries);
                }
            } catch (NoSuchFileException e) {
                // Not rotated yet, or nothing happened yet.
            }
        }
        return List.copyOf(entries);
    }

    /** The newest line that is kept, read from the end; empty when there is none. */
    public Optional<T> last() throws IOException {
        for (var file : List.of(current, previous)) {
            try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
                var last = last(channel);
                if (last.isPresent()) {
                    return last;
                }
            } catch (NoSuchFileException e) {
                // Not rotated yet, or nothing happened yet.
            }
        }
        return Optional.empty();
    }

    private Optional<T> last(FileChannel channel) throws IOException {
        var size = channel.size();
        for (var length = Math.min(size, TAIL); length > 0; length = Math.min(size, length * 8)) {
            var tail = ByteBuffer.allocate(Math.toIntExact(length));
            while (tail.hasRemaining() && channel.read(tail, size - length + tail.position()) > 0) {
                // on until it is full
            }
            var text = new String(tail.array(), 0, tail.position(), StandardCharsets.UTF_8);
            // What it begins with may be the end of a line.
            var whole = length == size ? text : text.substring(text.indexOf('\n') + 1);
            var entries = new ArrayList<T>();
            for (var line : List.of(whole.split("\n", -1)).reversed()) {
                read(line, entries);
                if (!entries.isEmpty()) {
                    return Optional.of(entries.getFirst());
                }
            }
            if (length == size) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    private void read(String line, List<T> entries) {
        if (line.isBlank()) {
            return;
        }
        try {
            JsonNode object = json.readTree(line);
            // A newer Lockstep's lines: what they mean is not known here, and this is only for reading.
            if (object.path("format").asInt() <= FORMAT) {
                entries.add(json.treeToValue(object, type));
            }
        } catch (IOException | IllegalArgumentException e) {
            // Torn by a power cut.
        }
    }
}
