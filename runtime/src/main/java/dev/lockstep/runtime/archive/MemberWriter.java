package dev.lockstep.runtime.archive;

import dev.lockstep.runtime.linux.RawPath;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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
        var records = records(entry);
        if (records.length > 0) {
            out.write(header(ascii("PaxHeaders/member"), 'x', 0644, 0, 0, records.length, 0, new byte[0], 0, 0));
            out.write(records);
            pad(records.length);
        }
        out.write(header(
                bytes(entry.name()),
                type(entry.type()),
                entry.mode(),
                small(entry.uid()),
                small(entry.gid()),
                entry.size() < OCTAL_SIZE ? entry.size() : 0,
                Math.clamp(entry.modified().getEpochSecond(), 0, OCTAL_SIZE - 1),
                bytes(entry.link()),
                entry.deviceMajor(),
                entry.deviceMinor()));
        copy(content, entry.size());
        pad(entry.size());
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

    /** What the header has no room for, each as {@code LENGTH KEY=VALUE\n}; the length counts itself. */
    private static byte[] records(TarEntry entry) {
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
        if (entry.size() >= OCTAL_SIZE) {
            values.put("size", ascii(String.valueOf(entry.size())));
        }
        var modified = entry.modified();
        var seconds = modified.getEpochSecond();
        var nanos = modified.getNano();
        if (nanos != 0 || seconds < 0 || seconds >= OCTAL_SIZE) {
            values.put("mtime", ascii(decimal(seconds, nanos)));
        }
        entry.attributes().forEach((name, value) -> values.put("SCHILY.xattr." + name, value));
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
