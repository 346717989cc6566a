package dev.lockstep.runtime.archive;

import dev.lockstep.runtime.linux.RawPath;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads tar archives: V7, ustar, star, GNU (long names, base-256 numbers, sparse files) and pax. Written for layers
 * from strangers: names and attribute values keep their bytes, which libraries that decode them as text do not, and a
 * header is bounded.
 *
 * <p>Reads no further than the two zero blocks that end an archive. Does not close the stream.
 */
public final class TarReader {
    /** Most bytes of a long name, of extended records, of a sparse map. */
    private static final int HEADER_LIMIT = 1 << 20;

    /** What the key of an extended attribute begins with; the value is its own. */
    private static final String SCHILY = "SCHILY.xattr.";

    /** The same where the value is base64. */
    private static final String LIBARCHIVE = "LIBARCHIVE.xattr.";

    private static final int BLOCK = 512;
    private static final int BUFFER = 128 * 1024;

    private final InputStream archive;
    private final byte[] block = new byte[BLOCK];
    private final byte[] buffer = new byte[BUFFER];
    private final Map<String, String> global = new LinkedHashMap<>();

    private long stored;
    private long padding;
    private @Nullable SparseMap sparse;

    public TarReader(InputStream archive) {
        this.archive = archive;
    }

    /** Where the content of a file goes. */
    public interface Sink {
        void write(byte[] source, int offset, int length) throws IOException;

        /** A hole of so many bytes. */
        void skip(long bytes) throws IOException;
    }

    /**
     * Goes to the next member, past what was not read of this one; empty at the end.
     *
     * @throws ArchiveException when a header is damaged
     * @throws EOFException when the archive ends too early
     */
    public Optional<TarEntry> next() throws IOException {
        skipContent();
        @Nullable String longName = null;
        @Nullable String longLink = null;
        var local = new LinkedHashMap<String, String>();
        var map = new SparseMap.Builder();
        while (readHeader()) {
            var size = TarNumbers.field(block, 124, 12);
            switch (block[156]) {
                case 'L' -> longName = untilNul(readSmall(size));
                case 'K' -> longLink = untilNul(readSmall(size));
                case 'x', 'X' -> merge(local, PaxRecords.parse(readSmall(size)), map);
                case 'g' -> merge(global, PaxRecords.parse(readSmall(size)), new SparseMap.Builder());
                default -> {
                    return Optional.of(member(longName, longLink, local, map));
                }
            }
        }
        return Optional.empty();
    }

    /** Writes the content of the current member. */
    public void copyTo(Sink sink) throws IOException {
        if (sparse == null) {
            copyStored(stored, sink);
            return;
        }
        var at = 0L;
        for (var segment : sparse.segments()) {
            if (segment.offset() > at) {
                sink.skip(segment.offset() - at);
            }
            copyStored(segment.length(), sink);
            at = segment.offset() + segment.length();
        }
        if (sparse.size() > at) {
            sink.skip(sparse.size() - at);
        }
    }

    private void copyStored(long bytes, Sink sink) throws IOException {
        for (var left = bytes; left > 0; ) {
            var n = archive.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (n < 0) {
                throw truncated();
            }
            sink.write(buffer, 0, n);
            left -= n;
            stored -= n;
        }
    }

    private void skipContent() throws IOException {
        for (var left = stored + padding; left > 0; ) {
            var n = archive.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (n < 0) {
                throw truncated();
            }
            left -= n;
        }
        stored = 0;
        padding = 0;
        sparse = null;
    }

    /** False at the end: two zero blocks, or where the stream ends between members. */
    private boolean readHeader() throws IOException {
        if (!readBlock()) {
            return false;
        }
        if (isZero()) {
            if (readBlock() && !isZero()) {
                throw new ArchiveException("damaged tar archive: a zero block in the middle");
            }
            return false;
        }
        var unsigned = 0;
        var signed = 0;
        for (var i = 0; i < BLOCK; i++) {
            var b = i >= 148 && i < 156 ? ' ' : block[i];
            unsigned += b & 0xff;
            signed += b;
        }
        var expected = checksum();
        // Some old tars added signed characters.
        if (expected != unsigned && expected != signed) {
            throw new ArchiveException("this is no tar archive, or it is damaged: a header has the wrong checksum");
        }
        return true;
    }

    private long checksum() {
        try {
            return TarNumbers.field(block, 148, 8);
        } catch (ArchiveException e) {
            return -1;
        }
    }

    private boolean readBlock() throws IOException {
        var n = archive.readNBytes(block, 0, BLOCK);
        if (n != 0 && n != BLOCK) {
            throw truncated();
        }
        return n == BLOCK;
    }

    private boolean isZero() {
        for (var b : block) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    /** Content of a header that describes the next member. */
    private byte[] readSmall(long size) throws IOException {
        if (size < 0 || size > HEADER_LIMIT) {
            throw new ArchiveException("damaged tar archive: a header of " + size + " bytes");
        }
        var content = archive.readNBytes((int) size);
        if (content.length != size) {
            throw truncated();
        }
        padding = padding(size);
        skipContent();
        return content;
    }

    private static void merge(Map<String, String> into, List<PaxRecords.Entry> records, SparseMap.Builder map)
            throws ArchiveException {
        var offset = 0L;
        for (var record : records) {
            switch (record.key()) {
                // Version 0.0 of GNU's sparse format repeats these two, so they are no map.
                case "GNU.sparse.offset" -> offset = TarNumbers.decimal(record.value());
                case "GNU.sparse.numbytes" -> map.add(offset, TarNumbers.decimal(record.value()));
                default -> into.put(record.key(), record.value());
            }
        }
    }

    private TarEntry member(
            @Nullable String longName, @Nullable String longLink, Map<String, String> local, SparseMap.Builder map)
            throws IOException {
        var records = new LinkedHashMap<>(global);
        records.putAll(local);
        // An empty value takes a record back (pax), but attributes may be empty.
        records.entrySet().removeIf(record -> record.getValue().isEmpty() && !mayBeEmpty(record.getKey()));

        var name = records.getOrDefault(
                "GNU.sparse.name", records.getOrDefault("path", longName == null ? headerName() : longName));
        var link = records.getOrDefault("linkpath", longLink == null ? untilNul(block, 157, 100) : longLink);
        var typeFlag = block[156];
        var type = type(typeFlag, name);
        stored = number(records, "size", TarNumbers.field(block, 124, 12));
        if (stored < 0) {
            throw new ArchiveException("damaged tar header: a size of " + stored);
        }
        var uid = number(records, "uid", TarNumbers.field(block, 108, 8));
        var gid = number(records, "gid", TarNumbers.field(block, 116, 8));
        var mode = (int) (TarNumbers.field(block, 100, 8) & 07777);
        var modified = records.containsKey("mtime")
                ? TarNumbers.time(records.getOrDefault("mtime", ""))
                : TarNumbers.time(TarNumbers.field(block, 136, 12), 0);
        var isDevice = type == TarEntry.Type.CHARACTER_DEVICE || type == TarEntry.Type.BLOCK_DEVICE;
        var major = isDevice ? TarNumbers.field(block, 329, 8) : 0;
        var minor = isDevice ? TarNumbers.field(block, 337, 8) : 0;
        // POSIX lets a hard link carry content; nobody writes that, and links have none here.
        var hasContent = type == TarEntry.Type.FILE || type == TarEntry.Type.UNKNOWN;
        if (isLink(type)) {
            stored = 0;
        }
        padding = padding(stored);
        var size = hasContent ? stored : 0;
        if (type == TarEntry.Type.FILE) {
            sparse = sparse(typeFlag, records, map);
            size = sparse == null ? stored : sparse.size();
        }
        return new TarEntry(
                path(name), type, mode, uid, gid, size, modified, path(link), major, minor, attributes(records));
    }

    /** The kernel knows no capability of no bytes. */
    private static boolean mayBeEmpty(String key) {
        return (key.startsWith(SCHILY) || key.startsWith(LIBARCHIVE)) && !key.endsWith(".security.capability");
    }

    private static boolean isLink(TarEntry.Type type) {
        return type == TarEntry.Type.SYMLINK || type == TarEntry.Type.HARD_LINK;
    }

    private static long padding(long size) {
        return -size & (BLOCK - 1);
    }

    private static long number(Map<String, String> records, String key, long otherwise) throws ArchiveException {
        var text = records.get(key);
        return text == null ? otherwise : TarNumbers.decimal(text);
    }

    private static RawPath path(String latin1) throws ArchiveException {
        if (latin1.indexOf('\0') >= 0) {
            throw new ArchiveException("damaged tar header: a name holds a NUL");
        }
        return new RawPath(latin1);
    }

    /** V7 and some later writers mark directories by a slash at the end alone. */
    private static TarEntry.Type type(byte flag, String name) {
        return switch (flag) {
            case 0, '0', '7' -> name.endsWith("/") ? TarEntry.Type.DIRECTORY : TarEntry.Type.FILE;
            case 'S' -> TarEntry.Type.FILE;
            case '1' -> TarEntry.Type.HARD_LINK;
            case '2' -> TarEntry.Type.SYMLINK;
            case '3' -> TarEntry.Type.CHARACTER_DEVICE;
            case '4' -> TarEntry.Type.BLOCK_DEVICE;
            case '5' -> TarEntry.Type.DIRECTORY;
            case '6' -> TarEntry.Type.FIFO;
            default -> TarEntry.Type.UNKNOWN;
        };
    }

    private String headerName() {
        var name = untilNul(block, 0, 100);
        // "ustar\0" only: GNU's "ustar  " keeps other things where the prefix is.
        if (!untilNul(block, 257, 6).equals("ustar")) {
            return name;
        }
        var isStar = Arrays.equals(block, 508, 512, new byte[] {'t', 'a', 'r', 0}, 0, 4);
        var prefix = untilNul(block, 345, isStar ? 131 : 155);
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private @Nullable SparseMap sparse(byte flag, Map<String, String> records, SparseMap.Builder map)
            throws IOException {
        if (flag == 'S') {
            return oldSparse();
        }
        if (records.containsKey("GNU.sparse.major")) {
            if (!"1".equals(records.get("GNU.sparse.major")) || !"0".equals(records.get("GNU.sparse.minor"))) {
                throw new ArchiveException("this version of sparse files in tar archives is not supported");
            }
            readMapBeforeContent(map);
            return map.build(TarNumbers.decimal(records.getOrDefault("GNU.sparse.realsize", "")), stored);
        }
        if (records.containsKey("GNU.sparse.size")) {
            var pairs = records.get("GNU.sparse.map");
            if (pairs != null) {
                var numbers = pairs.split(",", -1);
                for (var i = 0; i + 1 < numbers.length; i += 2) {
                    map.add(TarNumbers.decimal(numbers[i]), TarNumbers.decimal(numbers[i + 1]));
                }
            }
            return map.build(TarNumbers.decimal(records.getOrDefault("GNU.sparse.size", "")), stored);
        }
        return null;
    }

    private SparseMap oldSparse() throws IOException {
        var map = new SparseMap.Builder();
        var size = TarNumbers.field(block, 483, 12);
        addOld(map, 386, 4);
        for (var more = block[482] != 0; more; more = block[504] != 0) {
            if (!readBlock()) {
                throw truncated();
            }
            addOld(map, 0, 21);
        }
        return map.build(size, stored);
    }

    private void addOld(SparseMap.Builder map, int offset, int count) throws ArchiveException {
        for (var at = offset; at < offset + count * 24; at += 24) {
            if (block[at] == 0) {
                return;
            }
            map.add(TarNumbers.field(block, at, 12), TarNumbers.field(block, at + 12, 12));
        }
    }

    /** Version 1.0: the content begins with lines of numbers, filled up to a block. */
    private void readMapBeforeContent(SparseMap.Builder map) throws IOException {
        var lines = new MapLines();
        var count = lines.next();
        for (var i = 0L; i < count; i++) {
            map.add(lines.next(), lines.next());
        }
    }

    private final class MapLines {
        private int at = BLOCK;

        long next() throws IOException {
            var digits = new StringBuilder();
            while (true) {
                if (at == BLOCK) {
                    if (stored < BLOCK || !readBlock()) {
                        throw new ArchiveException("damaged tar archive: the map of a sparse file is cut off");
                    }
                    stored -= BLOCK;
                    at = 0;
                }
                var c = (char) (block[at++] & 0xff);
                if (c == '\n') {
                    return TarNumbers.decimal(digits.toString());
                }
                if (digits.length() > 19) {
                    throw new ArchiveException("damaged tar archive: the map of a sparse file is no list of numbers");
                }
                digits.append(c);
            }
        }
    }

    private static Map<String, byte[]> attributes(Map<String, String> records) throws ArchiveException {
        var attributes = new LinkedHashMap<String, byte[]>();
        for (var record : records.entrySet()) {
            var key = record.getKey();
            if (key.startsWith(SCHILY)) {
                attributes.put(key.substring(SCHILY.length()), record.getValue().getBytes(StandardCharsets.ISO_8859_1));
            } else if (key.startsWith(LIBARCHIVE)) {
                try {
                    attributes.putIfAbsent(
                            URLDecoder.decode(
                                    key.substring(LIBARCHIVE.length()).replace("+", "%2B"),
                                    StandardCharsets.ISO_8859_1),
                            Base64.getDecoder().decode(record.getValue()));
                } catch (IllegalArgumentException e) {
                    throw new ArchiveException("damaged tar header: an extended attribute is not base64");
                }
            }
        }
        return attributes;
    }

    private static String untilNul(byte[] bytes) {
        return untilNul(bytes, 0, bytes.length);
    }

    private static String untilNul(byte[] bytes, int offset, int length) {
        var end = offset;
        while (end < offset + length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, offset, end - offset, StandardCharsets.ISO_8859_1);
    }

    private static EOFException truncated() {
        return new EOFException("the tar archive ends too early");
    }
}
