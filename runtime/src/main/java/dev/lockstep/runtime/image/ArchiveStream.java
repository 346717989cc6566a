package dev.lockstep.runtime.image;

import dev.lockstep.runtime.archive.Compression;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Arrays;
import org.tukaani.xz.XZInputStream;

/** Uncompresses what people keep in files: beside gzip and zstd, which layers have, also xz. */
final class ArchiveStream {
    private static final byte[] XZ = {(byte) 0xfd, '7', 'z', 'X', 'Z', 0};
    /** What {@code xz -9} needs, with room: 100 MiB. */
    private static final int XZ_MEMORY = 100 << 10;

    private ArchiveStream() {}

    static InputStream of(InputStream source) throws IOException {
        var stream = new PushbackInputStream(source, XZ.length);
        var magic = stream.readNBytes(XZ.length);
        stream.unread(magic);
        return Arrays.equals(magic, XZ) ? new XZInputStream(stream, XZ_MEMORY) : Compression.uncompress(stream);
    }
}
