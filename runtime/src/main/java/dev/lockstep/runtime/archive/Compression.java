package dev.lockstep.runtime.archive;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.EOFException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.zip.GZIPOutputStream;

/** How an archive is compressed: seen from its first bytes, since what is said about it is often wrong. */
public enum Compression {
    NONE,
    GZIP,
    ZSTD;

    private static final int MAGIC = 6;

    /**
     * Uncompresses {@code source}, whatever it is. Closing the result closes the source.
     *
     * @throws ArchiveException for bzip2 and xz, which layers do not use
     */
    public static InputStream uncompress(InputStream source) throws IOException {
        var stream = new PushbackInputStream(source, MAGIC);
        var magic = stream.readNBytes(MAGIC);
        stream.unread(magic);
        return switch (of(magic)) {
            case NONE -> stream;
            case GZIP -> new GzipStream(stream);
            case ZSTD -> new ZstdStream(stream);
        };
    }

    /**
     * Compresses what is written, so that the same content is the same bytes: no name and no time is in it. Closing the
     * result ends the stream and leaves {@code target} open.
     *
     * @param level one of {@link #levels}; absent: the usual one
     */
    public OutputStream compress(OutputStream target, OptionalInt level) throws IOException {
        var open = new Uncloseable(target);
        return switch (this) {
            case NONE -> open;
            case GZIP -> new Gzip(open, level.orElse(6));
            case ZSTD -> new ZstdOutputStreamNoFinalizer(open, level.orElse(3));
        };
    }

    /** The weakest and the strongest level there is. */
    public Levels levels() {
        return switch (this) {
            case NONE -> new Levels(0, 0);
            case GZIP -> new Levels(0, 9);
            case ZSTD -> new Levels(1, 22);
        };
    }

    /** From where to where levels go. */
    public record Levels(int weakest, int strongest) {
        /** Whether that is a level. */
        public boolean contains(int level) {
            return level >= weakest && level <= strongest;
        }
    }

    private static final class Uncloseable extends FilterOutputStream {
        Uncloseable(OutputStream target) {
            super(target);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }

    private static final class Gzip extends GZIPOutputStream {
        private static final int BUFFER = 64 * 1024;

        Gzip(OutputStream target, int level) throws IOException {
            super(target, BUFFER);
            def.setLevel(level);
        }
    }

    /**
     * How content is compressed that begins so.
     *
     * @param magic the first bytes, six if there are so many
     */
    public static Compression of(byte[] magic) throws ArchiveException {
        if (startsWith(magic, 0x1f, 0x8b)) {
            return GZIP;
        }
        if (startsWith(magic, 0x28, 0xb5, 0x2f, 0xfd)
                || (magic.length >= 4 && (magic[0] & 0xf0) == 0x50 && startsWith(tail(magic), 0x2a, 0x4d, 0x18))) {
            return ZSTD;
        }
        if (startsWith(magic, 0xfd, '7', 'z', 'X', 'Z', 0)) {
            throw new ArchiveException("xz compression is not supported; use gzip or zstd");
        }
        if (startsWith(magic, 'B', 'Z', 'h')) {
            throw new ArchiveException("bzip2 compression is not supported; use gzip or zstd");
        }
        return NONE;
    }

    private static byte[] tail(byte[] magic) {
        return Arrays.copyOfRange(magic, 1, magic.length);
    }

    private static boolean startsWith(byte[] bytes, int... expected) {
        if (bytes.length < expected.length) {
            return false;
        }
        for (var i = 0; i < expected.length; i++) {
            if ((bytes[i] & 0xff) != expected[i]) {
                return false;
            }
        }
        return true;
    }

    /** Frames one after the other are one stream; a window of more than 128 MiB is refused by the library. */
    private static final class ZstdStream extends InputStream {
        private final ZstdInputStreamNoFinalizer frames;
        private final byte[] one = new byte[1];

        ZstdStream(InputStream source) throws IOException {
            frames = new ZstdInputStreamNoFinalizer(source);
        }

        @Override
        public int read() throws IOException {
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            try {
                return frames.read(target, offset, length);
            } catch (ZstdIOException e) {
                if (String.valueOf(e.getMessage()).contains("Truncated")) {
                    throw new EOFException("the zstd stream ends too early");
                }
                throw new ArchiveException("damaged zstd stream: " + e.getMessage());
            }
        }

        @Override
        public void close() throws IOException {
            frames.close();
        }
    }
}
