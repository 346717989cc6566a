package dev.lockstep.runtime.archive;

import dev.lockstep.runtime.linux.FileExtent;
import dev.lockstep.runtime.linux.RawPath;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes an archive of any files, with owner, times and attributes, in the form of POSIX.1-2001 (pax(1)): what has no
 * room in a ustar header stands in a record before it. {@link #finish} ends it; the stream stays open.
 */
public final class MemberWriter {
    private static final int BLOCK = 512;
    private static final int NAME = 100;
    /** Seven octal digits. */
    private static final long OCTAL_ID = 1L << 21;
    /** Eleven octal digits. */
    private static final long OCTAL_SIZE = 1L << 33;

    private final OutputStream out;
    private final byte[] buffer = new byte[128 * 1024];

    public MemberWriter(OutputStream out) {
        this.out = out;
    }

    /** Adds a member without content. */
    public void add(TarEntry entry) throws IOException {
        add(entry, InputStream.nullInputStream());
    }

    /**
     * Adds a member.
     *
     * @param content as many bytes as the entry says; a file that shrank meanwhile is filled up with zeros, of one that
     *     grew the beginning is taken, so that the archive stays whole
     */
    public void add(TarEntry entry, InputStream content) throws IOException {
        headers(entry, bytes(entry.name()), entry.size(), records(entry));
        copy(content, entry.size());
        pad(entry.size());
    }

    /** Where what is in a file comes from. */
    @FunctionalInterface
    public interface Content {
        /** Reads from that byte of the file on. Not closed. */
        InputStream from(long offset) throws IOException;
    }

    /**
     * Adds a file without its holes, which take no room in the archive then: what GNU tar writes for {@code --sparse}
     * (its manual, "PAX Format, Version 1.0"). Programs that do not know it extract another name.
     *
     * @param data in order, within the entry's size
     */
    public void add(TarEntry entry, List<FileExtent> data, Content content) throws IOException {
        var map = map(data, entry.size());
        var stored = map.length + data.stream().mapToLong(FileExtent::length).sum();
        var records = records(entry);
        records.remove("path");
        records.put("GNU.sparse.major", ascii("1"));
        records.put("GNU.sparse.minor", ascii("0"));
        records.put("GNU.sparse.name", bytes(entry.name()));
        records.put("GNU.sparse.realsize", ascii(String.valueOf(entry.size())));
        headers(entry, ascii("GNUSparseFile.0/member"), stored, records);
        out.write(map);
        for (var extent : data) {
            copy(content.from(extent.offset()), extent.length());
        }
        pad(stored);
    }

    /** A number a line: how many, then offset and length of each; an empty one at the end where a hole is there. */
    private static byte[] map(List<FileExtent> data, long size) {
        var endsInHole = data.isEmpty() || data.getLast().end() < size;
        var lines = new StringBuilder();
        lines.append(data.size() + (endsInHole ? 1 : 0)).append('\n');
        for (var extent : data) {
            lines.append(extent.offset()).append('\n').append(extent.length()).append('\n');
        }
        if (endsInHole) {
            lines.append(size).append("\n0\n");
        }
        var text = ascii(lines.toString());
        return Arrays.copyOf(text, text.length + (-text.length & (BLOCK - 1)));
    }

    private void headers(TarEntry entry, byte[] name, long stored, Map<String, byte[]> values) throws IOException {
        if (stored >= OCTAL_SIZE) {
            values.put("size", ascii(String.valueOf(stored)));
        }
        var records = lines(values);
        if (records.length > 0) {
            out.write(header(ascii("PaxHeaders/member"), 'x', 0644, 0, 0, records.length, 0, new byte[0], 0, 0));
            out.write(records);
            pad(records.length);
        }
        out.write(header(
                name,
                type(entry.type()),
                entry.mode(),
                small(entry.uid()),
                small(entry.gid()),
                stored < OCTAL_SIZE ? stored : 0,
                Math.clamp(entry.modified().getEpochSecond(), 0, OCTAL_SIZE - 1),
                bytes(entry.link()),
                entry.deviceMajor(),
                entry.deviceMinor()));
    }

    private void copy(InputStream content, long size) throws IOException {
        var left = size;
        while (left > 0) {
            var n = content.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (n < 0) {
                Arrays.fill(buffer, (byte) 0);
                n = (int) Math.min(buffer.length, left);
            }
            out.write(buffer, 0, n);
            left -= n;
        }
    }

    /** Writes the two empty blocks at the end. */
    public void finish() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.flush();
    }

    private void pad(long size) throws IOException {
        out.write(new byte[(int) (-size & (BLOCK - 1))]);
    }

    private static long small(long id) {
        return id < OCTAL_ID ? id : 0;
    }

    private static char type(TarEntry.Type type) {
        return switch (type) {
            case FILE -> '0';
            case HARD_LINK -> '1';
            case SYMLINK -> '2';
            case CHARACTER_DEVICE -> '3';
            case BLOCK_DEVICE -> '4';
            case DIRECTORY -> '5';
            case FIFO -> '6';
            case UNKNOWN -> throw new IllegalArgumentException("nobody knows how to write that");
        };
    }

    private static byte[] bytes(RawPath path) {
        return path.latin1().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** What the header has no room for, but for the size. */
    private static Map<String, byte[]> records(TarEntry entry) {
        Map<String, byte[]> values = new TreeMap<>();
        if (bytes(entry.name()).length > NAME) {
            values.put("path", bytes(entry.name()));
        }
        if (bytes(entry.link()).length > NAME) {
            values.put("linkpath", bytes(entry.link()));
        }
        if (entry.uid() >= OCTAL_ID) {
            values.put("uid", ascii(String.valueOf(entry.uid())));
        }
        if (entry.gid() >= OCTAL_ID) {
            values.put("gid", ascii(String.valueOf(entry.gid())));
        }
        var modified = entry.modified();
        var seconds = modified.getEpochSecond();
        var nanos = modified.getNano();
        if (nanos != 0 || seconds < 0 || seconds >= OCTAL_SIZE) {
            values.put("mtime", ascii(decimal(seconds, nanos)));
        }
        entry.attributes().forEach((name, value) -> values.put("SCHILY.xattr." + name, value));
        return values;
    }

    /** Each as {@code LENGTH KEY=VALUE\n}; the length counts itself. */
    private static byte[] lines(Map<String, byte[]> values) {
        var all = new ByteArrayOutputStream();
        values.forEach((key, value) -> {
            var rest = 1 + key.getBytes(StandardCharsets.UTF_8).length + 1 + value.length + 1;
            var length = rest + 1;
            while (String.valueOf(length).length() + rest != length) {
                length = String.valueOf(length).length() + rest;
            }
            all.writeBytes((length + " " + key + "=").getBytes(StandardCharsets.UTF_8));
            all.writeBytes(value);
            all.write('\n');
        });
        return all.toByteArray();
    }

    /** Seconds with nine digits behind the point; nanoseconds count forwards, also before 1970. */
    private static String decimal(long seconds, int nanos) {
        var borrowed = seconds < 0 && nanos > 0;
        var whole = Math.abs(borrowed ? seconds + 1 : seconds);
        var rest = borrowed ? 1_000_000_000 - nanos : nanos;
        var fraction = Integer.toString(1_000_000_000 + rest).substring(1);
        return (seconds < 0 ? "-" : "") + whole + (rest == 0 ? "" : "." + fraction);
    }

    private static byte[] header(
            byte[] name,
            char type,
            int mode,
            long uid,
            long gid,
            long size,
            long modified,
            byte[] link,
            long major,
            long minor) {
        var header = new byte[BLOCK];
        System.arraycopy(name, 0, header, 0, Math.min(NAME, name.length));
        put(header, 100, octal(mode, 7));
        put(header, 108, octal(uid, 7));
        put(header, 116, octal(gid, 7));
        put(header, 124, octal(size, 11));
        put(header, 136, octal(modified, 11));
        header[156] = (byte) type;
        System.arraycopy(link, 0, header, 157, Math.min(NAME, link.length));
        put(header, 257, "ustar\00000");
        put(header, 329, octal(major, 7));
        put(header, 337, octal(minor, 7));
        // The sum counts its own field as blanks.
        Arrays.fill(header, 148, 156, (byte) ' ');
        var sum = 0;
        for (var b : header) {
            sum += b & 0xff;
        }
        put(header, 148, octal(sum, 6) + "\0 ");
        return header;
    }

    private static String octal(long number, int digits) {
        var text = Long.toOctalString(number);
        return "0".repeat(Math.max(0, digits - text.length())) + text;
    }

    private static void put(byte[] header, int at, String text) {
        var bytes = ascii(text);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }
}
