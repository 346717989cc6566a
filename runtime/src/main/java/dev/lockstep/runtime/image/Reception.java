package dev.lockstep.runtime.image;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/**
 * A blob on its way in. Closing it before {@link #commit} keeps what has arrived, so that the next one goes on from
 * {@link #received}. One thread receives; others may {@link #follow} it.
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
    private final long inherited;
    /** Where in the blob the sender is: behind what is here when it has begun again. */
    private long at;

    // What followers look at, under this object's monitor.
    private long received;
    private boolean ended;

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
        this.inherited = received;
        this.at = received;
    }

    private void hashWhatIsThere() throws IOException {
        if (channel.size() > size) {
            channel.truncate(0);
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
    public synchronized long received() {
        return present ? size : received;
    }

    /** Whether all bytes are here. */
    public boolean isWhole() {
        return received() == size;
    }

    /**
     * Bytes that an earlier reception left. They have been on a disk since, perhaps through a crash: when the whole
     * turns out wrong, they may be why.
     */
    public long inherited() {
        return inherited;
    }

    /**
     * The next bytes to be written are those from {@code position} on: {@link #received}, or 0 when the sender begins
     * again. What is here already is passed over then; whether it was the same is seen at the end.
     */
    public void from(long position) {
        at = position;
    }

    /**
     * Takes the next bytes.
     *
     * @throws InvalidImageException as soon as more arrives than was announced
     */
    public void write(ByteBuffer bytes) throws IOException {
        var known = (int) Math.min(bytes.remaining(), received() - at);
        bytes.position(bytes.position() + known);
        at += known;
        if (at + bytes.remaining() > size) {
            discard();
            throw new InvalidImageException(
                    "content of " + digest + " is longer than the " + size + " bytes announced");
        }
        sha256.update(bytes.duplicate());
        try {
            while (bytes.hasRemaining()) {
                // By position: one that was cut off, and is passed over again, must not move it.
                at += channel.write(bytes, at);
            }
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            // On a full disk what is of no use yet is in the way of others.
            discard();
            // "No space left on device" alone does not say where, nor what would do.
            throw new IOException(
                    "cannot write " + partial + " at byte " + at + " of " + size + ": " + e.getMessage(), e);
        }
        arrived();
    }

    private synchronized void arrived() {
        received = Math.max(received, at);
        notifyAll();
    }

    /**
     * The blob from its first byte on, as it arrives: reading waits for the receiver. The bytes come from the file that
     * is being written, so a slow reader costs no memory and does not slow the sender down.
     */
    public InputStream follow() throws IOException {
        // Of its own: a reader that is interrupted closes its channel, and the receiver's must stay open.
        return new Following(FileChannel.open(partial, StandardOpenOption.READ));
    }

    /** Nothing more arrives: followers fail where they would wait. Called by the receiver however it ends. */
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Whether {@link #end} was called. */
    public synchronized boolean hasEnded() {
        return ended;
    }

    /** Waits until there is something at {@code position}; bytes there, 0 at the end of the blob. */
    private synchronized long await(long position) throws IOException {
        try {
            while (position >= received() && position < size) {
                if (ended) {
                    throw new InterruptedIOException("content of " + digest + " did not arrive");
                }
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
        return received() - position;
    }

    private final class Following extends InputStream {
        private final FileChannel file;
        private final byte[] one = new byte[1];
        private long position;

        Following(FileChannel file) {
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            var available = await(position);
            if (available == 0) {
                return -1;
            }
            var n = file.read(ByteBuffer.wrap(target, offset, (int) Math.min(length, available)), position);
            position += Math.max(n, 0);
            return n;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /** Throws away what is here: the next reception begins with nothing. */
    public void discard() throws IOException {
        Files.deleteIfExists(partial);
    }

    /**
     * Verifies, syncs and publishes the blob.
     *
     * @throws WrongDigestException and the content is thrown away
     */
    public void commit() throws IOException {
        if (received() != size) {
            throw new InvalidImageException(
                    "content of " + digest + " has " + received() + " bytes, " + size + " were announced");
        }
        var actual = BlobStore.finished(sha256);
        if (!actual.equals(digest)) {
            discard();
            throw new WrongDigestException("content of " + digest.abbreviated(), digest, actual);
        }
        channel.force(true);
        AtomicFiles.publish(partial, store.path(digest));
    }

    @Override
    public void close() throws IOException {
        end();
        try (lock) {
            channel.close();
        }
    }
}
