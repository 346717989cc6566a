package dev.lockstep.runtime.archive;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.tukaani.xz.XZInputStream;

/** Uncompresses what people keep in files: beside gzip and zstd, which layers have, also xz and bzip2. */
public final class ArchiveStream {
    private static final byte[] XZ = {(byte) 0xfd, '7', 'z', 'X', 'Z', 0};
    private static final byte[] BZIP2 = {'B', 'Z', 'h'};
    private static final int SUM = 148;
    private static final int SUM_END = 156;

    /** Bytes from which {@link #isArchive} tells, if there are so many: one header of tar. */
    public static final int HEAD = 512;

    private ArchiveStream() {}

    /**
     * Whether content that begins so is an archive, or compressed: what a text never begins with.
     *
     * @param head the first {@link #HEAD} bytes, fewer where there are no more
     */
    public static boolean isArchive(byte[] head) {
        var magic = Arrays.copyOf(head, Math.min(head.length, XZ.length));
        if (Arrays.equals(magic, XZ)
                || magic.length > BZIP2.length && Arrays.equals(Arrays.copyOf(magic, BZIP2.length), BZIP2)) {
            return true;
        }
        try {
            if (Compression.of(magic) != Compression.NONE) {
                return true;
            }
            // Of zeros nothing comes: that is an archive without members.
            return head.length == HEAD && isHeader(head);
        } catch (ArchiveException e) {
            return false;
        }
    }

    /** The sum of a header's bytes is in it, its own field counted as spaces (pax(1), "ustar Interchange Format"). */
    private static boolean isHeader(byte[] head) {
        var sum = 0;
        var any = false;
        for (var i = 0; i < HEAD; i++) {
            any |= head[i] != 0;
            sum += i >= SUM && i < SUM_END ? ' ' : head[i] & 0xff;
        }
        var digits = new String(head, SUM, SUM_END - SUM, StandardCharsets.ISO_8859_1)
                .replace('\0', ' ')
                .strip();
        return !any || digits.matches("[0-7]{1,8}") && Integer.parseInt(digits, 8) == sum;
    }

    /** Uncompresses {@code source}, whatever it is. Closing the result closes the source. */
    public static InputStream of(InputStream source) throws IOException {
        var stream = new PushbackInputStream(source, XZ.length);
        var magic = stream.readNBytes(XZ.length);
        stream.unread(magic);
        if (Arrays.equals(magic, XZ)) {
            return Xz.uncompress(stream);
        }
        return magic.length > BZIP2.length && Arrays.equals(Arrays.copyOf(magic, BZIP2.length), BZIP2)
                ? new Bzip2Stream(stream)
                : Compression.uncompress(stream);
    }

    /**
     * Apart, so that its library is loaded for xz alone: its jar is sealed, and an AOT cache with a class of such a jar
     * is refused, with the whole JVM, once the distribution lies elsewhere than where the cache was made.
     */
    private static final class Xz {
        /** What {@code xz -9} needs, with room: 100 MiB. */
        private static final int MEMORY = 100 << 10;

        private Xz() {}

        static InputStream uncompress(InputStream source) throws IOException {
            return new XZInputStream(source, MEMORY);
        }
    }
}
