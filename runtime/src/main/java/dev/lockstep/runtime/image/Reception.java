package dev.lockstep.runtime.image;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/**
 * A blob on its way in. Closing it before {@link #commit} keeps what has arrived, so that the next one goes on from
 * {@link #received}.
 */
public final class Reception implements AutoCloseable {
    private static final int BUFFER = 256 * 1024;

    private final BlobStore store;
    private final Flock lock;
    private final Digest digest;
    private final long size;
    private final Path partial;
    private final boolean present;
    private final MessageDigest sha256 = BlobStore.sha256();
    private final FileChannel channel;
    private long received;

    Reception(BlobStore store, Flock lock, Digest digest, long size, Path partial) throws IOException {
        this.store = store;
        this.lock = lock;
        this.digest = digest;
        this.size = size;
        this.partial = partial;
        this.present = store.touch(digest);
        this.channel = present
                ? FileChannel.open(store.path(digest), StandardOpenOption.READ)
                : FileChannel.open(
                        partial, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        if (!present) {
            try {
                hashWhatIsThere();
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        }
    }

    private void hashWhatIsThere() throws IOException {
        if (channel.size() > size) {
            restart();
            return;
        }
        var buffer = ByteBuffer.allocate(BUFFER);
        while (channel.read(buffer) >= 0) {
            received += buffer.flip().remaining();
            sha256.update(buffer);
            buffer.clear();
        }
    }

    /** Whether the blob is here already: nothing to receive. */
    public boolean present() {
        return present;
    }

    /** Bytes that are here. */
    public long received() {
        return present ? size : received;
    }

    /** Forgets what has arrived. */
    public void restart() throws IOException {
        channel.truncate(0);
        received = 0;
        sha256.reset();
    }

    /**
     * Takes the next bytes.
     *
     * @throws InvalidImageException as soon as more arrives than was announced
     */
    public void write(ByteBuffer bytes) throws IOException {
        if (received + bytes.remaining() > size) {
            restart();
            throw new InvalidImageException(
                    "content of " + digest + " is longer than the " + size + " bytes announced");
        }
        sha256.update(bytes.duplicate());
        try {
            while (bytes.hasRemaining()) {
                received += channel.write(bytes);
            }
        } catch (IOException e) {
            // "No space left on device" alone does not say where.
            throw new IOException("cannot write " + partial + ": " + e.getMessage(), e);
        }
    }

    /**
     * Verifies, syncs and publishes the blob.
     *
     * @throws WrongDigestException and the content is thrown away
     */
    public void commit() throws IOException {
        if (received != size) {
            throw new InvalidImageException(
                    "content of " + digest + " has " + received + " bytes, " + size + " were announced");
        }
        var actual = BlobStore.finished(sha256);
        if (!actual.equals(digest)) {
            Files.deleteIfExists(partial);
            throw new WrongDigestException("content of " + digest.abbreviated(), digest, actual);
        }
        channel.force(true);
        AtomicFiles.publish(partial, store.path(digest));
    }

    @Override
    public void close() throws IOException {
        try (lock) {
            channel.close();
        }
    }
}
