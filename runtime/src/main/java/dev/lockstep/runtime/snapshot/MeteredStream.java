package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.archive.ArchiveException;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.function.LongSupplier;

/** The uncompressed side of a layer: hashed whole, and stopped when it grows out of proportion. Closes its source. */
final class MeteredStream extends InputStream {
    private final InputStream source;
    private final LongSupplier compressed;
    private final UnpackLimits limits;
    private final MessageDigest sha256 = BlobStore.sha256();
    private final byte[] one = new byte[1];
    private long count;

    /** @param compressed bytes read from the blob so far */
    MeteredStream(InputStream source, LongSupplier compressed, UnpackLimits limits) {
        this.source = source;
        this.compressed = compressed;
        this.limits = limits;
    }

    @Override
    public int read() throws IOException {
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        var n = source.read(target, offset, length);
        if (n > 0) {
            sha256.update(target, offset, n);
            count += n;
            if (count > limits.ratioFrom() && count / limits.ratio() > compressed.getAsLong()) {
                throw new ArchiveException("it grows to more than " + limits.ratio() + " times its size");
            }
        }
        return n;
    }

    /** Reads what follows the end of the archive, and returns the digest of everything. */
    Digest finish() throws IOException {
        var rest = new byte[64 * 1024];
        while (read(rest, 0, rest.length) >= 0) {}
        return BlobStore.finished(sha256);
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
