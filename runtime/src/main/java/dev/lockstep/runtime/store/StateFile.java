package dev.lockstep.runtime.store;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.NoSpace;
import dev.lockstep.runtime.linux.Scarce;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * One JSON document on disk in an envelope: {@code {"format": N, "root": ID, "record": …}}. A newer format is refused,
 * an absent file is an empty result, and a file of another root is refused: only what carries our root id is ours.
 *
 * @param <T> the record inside
 */
public final class StateFile<T> {
    private final JsonMapper json;
    private final Class<T> type;
    private final int format;
    private final String rootId;
    private final Root.Access access;
    private final Upgrade upgrade;
    private final Wholeness wholeness = new Wholeness();
    private final PlainRecords plain = new PlainRecords();
    private final LastReads<T> last = new LastReads<>();

    /** No record of ours comes near; whoever reads more runs out of memory. */
    static final long LARGEST = 64L << 20;

    /** Most records have fewer bytes. */
    private static final int SMALL = 2048;

    private static final String FORMAT = "format";
    private static final String ROOT = "root";
    private static final String RECORD = "record";

    /** Makes of a record of the format before, as it stands in the file, one of this format. */
    @FunctionalInterface
    public interface Upgrade {
        /** One that lacks no more than the type itself fills in. */
        Upgrade NONE = record -> {};

        /** Changes it. */
        void upgrade(ObjectNode record);
    }

    /** @param format number of the format that is written; that and the one before it are read */
    public StateFile(JsonMapper json, Class<T> type, int format, String rootId) {
        this(json, type, format, rootId, Root.Access.WRITE, Upgrade.NONE);
    }

    StateFile(JsonMapper json, Class<T> type, int format, String rootId, Root.Access access, Upgrade upgrade) {
        this.json = json;
        this.type = type;
        this.format = format;
        this.rootId = rootId;
        this.access = access;
        this.upgrade = upgrade;
    }

    /** Replaces the file atomically. */
    public void write(Path file, T record) throws IOException {
        AtomicFiles.write(file, bytes(record));
    }

    /** Replaces the file atomically; a power failure may take that back, see {@link AtomicFiles#writeWhole}. */
    public void writeWhole(Path file, T record) throws IOException {
        AtomicFiles.writeWhole(file, bytes(record));
    }

    /** The same, and first a copy of it: for who finds the file damaged. Written from one text, made once. */
    public void writeWhole(Path file, Path copy, T record) throws IOException {
        var bytes = bytes(record);
        AtomicFiles.writeVolatile(copy, bytes);
        AtomicFiles.writeWhole(file, bytes);
    }

    /** Replaces the file atomically but not durably: for what means nothing after a reboot. */
    public void writeVolatile(Path file, T record) throws IOException {
        AtomicFiles.writeVolatile(file, bytes(record));
    }

    /**
     * Replaces the file atomically; where the disk has no room for a second one beside it, writes over it. For records
     * without which nothing could be ended or removed, so that no room would ever be made. A loss of power in the
     * middle of that leaves a damaged file.
     */
    public void writeEvenIfFull(Path file, T record) throws IOException {
        evenIfFull(file, bytes(record), AtomicFiles::write);
    }

    /** The same, but not durably where there is room. */
    public void writeVolatileEvenIfFull(Path file, T record) throws IOException {
        evenIfFull(file, bytes(record), AtomicFiles::writeVolatile);
    }

    private interface Writer {
        void write(Path file, byte[] bytes) throws IOException;
    }

    private static void evenIfFull(Path file, byte[] bytes, Writer writer) throws IOException {
        try {
            writer.write(file, bytes);
        } catch (IOException e) {
            if (!NoSpace.isWhy(e) || !AtomicFiles.overwrite(file, bytes)) {
                throw e;
            }
        }
    }

    private byte[] bytes(T record) throws IOException {
        if (access == Root.Access.READ) {
            throw new IllegalStateException("root " + rootId + " was opened for reading; nothing in it is written");
        }
        var bytes = new ByteArrayOutputStream(SMALL);
        try (var out = json.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeNumberField(FORMAT, format);
            out.writeStringField(ROOT, rootId);
            out.writeFieldName(RECORD);
            json.writeValue(out, record);
            out.writeEndObject();
        }
        return bytes.toByteArray();
    }

    /**
     * Reads the file, or empty when there is none.
     *
     * @throws StateException when the file cannot be read, is damaged, newer than this program, or another root's
     * @throws IOException when this process or this host has too little of something to read it now
     */
    public Optional<T> read(Path file) throws IOException {
        BasicFileAttributes attributes;
        byte[] bytes;
        try {
            attributes = Files.readAttributes(file, BasicFileAttributes.class);
            var same = last.find(file, attributes);
            if (same.isPresent()) {
                return same;
            }
            bytes = bytes(file, attributes);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (StateException e) {
            throw e;
        } catch (IOException e) {
            if (Scarce.isWhy(e)) {
                throw e; // nothing is wrong with the file, and nobody must put it aside
            }
            throw new StateException(file, "cannot be read: " + e.getMessage(), e);
        }
        var straight = straight(bytes);
        var record = straight.isPresent() ? straight.get() : slowly(file, bytes);
        last.keep(file, attributes, record);
        return Optional.of(record);
    }

    /**
     * Of a file that is whole and just as {@link #write} writes it, which nearly all are: without a tree in between,
     * and without Jackson's view of the record.
     */
    private Optional<T> straight(byte[] bytes) {
        try (var in = json.createParser(bytes)) {
            if (in.nextToken() == JsonToken.START_OBJECT
                    && FORMAT.equals(in.nextFieldName())
                    && in.nextIntValue(-1) == format
                    && ROOT.equals(in.nextFieldName())
                    && rootId.equals(in.nextTextValue())
                    && RECORD.equals(in.nextFieldName())) {
                in.nextToken();
                T record = type.isRecord() ? plain.read(in, type) : json.readValue(in, type);
                if (in.nextToken() == JsonToken.END_OBJECT) {
                    return Optional.of(record);
                }
            }
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // what is wrong with it is said by who looks closer
        }
        return Optional.empty();
    }

    /** Every other one; says what is wrong with it. */
    private T slowly(Path file, byte[] bytes) throws StateException {
        JsonNode envelope;
        try {
            envelope = json.readTree(bytes);
        } catch (IOException e) {
            throw new StateException(file, "is damaged: " + e.getMessage(), e);
        }
        var found = envelope.path(FORMAT).asInt(-1);
        if (found > format) {
            throw new StateException(
                    StateException.Reason.VERSION,
                    file,
                    "has format " + found + ", this Lockstep knows " + format + "; use the newer Lockstep");
        }
        if (found < Math.max(1, format - 1)) {
            throw new StateException(
                    found > 0 ? StateException.Reason.VERSION : StateException.Reason.DAMAGED,
                    file,
                    "has no format that this Lockstep reads");
        }
        var owner = envelope.path(ROOT).asText();
        if (!owner.equals(rootId)) {
            throw new StateException(
                    owner.matches("[0-9a-f]{32}") ? StateException.Reason.FOREIGN : StateException.Reason.DAMAGED,
                    file,
                    "belongs to root " + owner + ", not to " + rootId);
        }
        T record;
        try {
            var written = envelope.path(RECORD);
            if (found < format && written instanceof ObjectNode earlier) {
                upgrade.upgrade(earlier);
            }
            record = json.treeToValue(written, type);
        } catch (IOException | RuntimeException e) {
            throw new StateException(file, "is damaged: " + e.getMessage(), e);
        }
        var missing = wholeness.missing(record);
        if (missing.isPresent()) {
            throw new StateException(StateException.Reason.DAMAGED, file, "is damaged: it lacks " + missing.get());
        }
        return record;
    }

    private static byte[] bytes(Path file, BasicFileAttributes attributes) throws IOException {
        // A FIFO would let us wait for ever.
        if (!attributes.isRegularFile()) {
            throw new StateException(StateException.Reason.DAMAGED, file, "is damaged: it is no regular file");
        }
        if (attributes.size() > LARGEST) {
            throw new StateException(
                    StateException.Reason.DAMAGED,
                    file,
                    "is damaged: it has " + attributes.size() + " bytes, no record has more than " + LARGEST);
        }
        return Files.readAllBytes(file);
    }
}
