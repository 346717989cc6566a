package dev.lockstep.runtime.archive;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes an archive of plain files and directories, in the form that every tar program reads (POSIX ustar; sizes that
 * have no room there in GNU's binary form). All belong to root and to the first second of 1970: the same content makes
 * the same archive. {@link #finish} ends it; the stream stays open.
 */
public final class TarWriter {
    private static final int BLOCK = 512;
    private static final int NAME = 100;
    /** Eleven octal digits. */
    private static final long OCTAL_SIZE = 1L << 33;

    private final OutputStream out;

    public TarWriter(OutputStream out) {
        this.out = out;
    }

    /** Adds a directory with mode 0755; its name ends in a slash. */
    public void directory(String name) throws IOException {
        out.write(header(name, '5', 0755, 0));
    }

    /** Adds a file with mode 0644. */
    public void file(String name, byte[] content) throws IOException {
        out.write(header(name, '0', 0644, content.length));
        out.write(content);
        pad(content.length);
    }

    /**
     * Adds a file from a stream, which is read to its end.
     *
     * @param size that it has
     * @throws IOException also when it has another one: the archive is useless then
     */
    public void file(String name, long size, InputStream content) throws IOException {
        out.write(header(name, '0', 0644, size));
        var copied = content.transferTo(out);
        if (copied != size) {
            throw new IOException(name + " has " + copied + " bytes, not " + size + ": it changed while it was read");
        }
        pad(size);
    }

    /** Writes the two empty blocks at the end. */
    public void finish() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.flush();
    }

    private void pad(long size) throws IOException {
        out.write(new byte[(int) (-size & (BLOCK - 1))]);
    }

    private static byte[] header(String name, char type, int mode, long size) {
        var header = new byte[BLOCK];
        var bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > NAME) {
            throw new IllegalArgumentException("no room for the name " + name);
        }
        System.arraycopy(bytes, 0, header, 0, bytes.length);
        put(header, 100, octal(mode, 7));
        put(header, 108, octal(0, 7));
        put(header, 116, octal(0, 7));
        if (size < OCTAL_SIZE) {
            put(header, 124, octal(size, 11));
        } else {
            header[124] = (byte) 0x80;
            for (var i = 0; i < Long.BYTES; i++) {
                header[135 - i] = (byte) (size >>> (8 * i));
            }
        }
        put(header, 136, octal(0, 11));
        header[156] = (byte) type;
        put(header, 257, "ustar\00000");
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
        return "0".repeat(digits - text.length()) + text;
    }

    private static void put(byte[] header, int at, String text) {
        var bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }
}
