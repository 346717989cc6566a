package dev.lockstep.runtime.image;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A blob that is being made here, so that its digest is known when all of it is written. Hashing and writing have a
 * thread of their own: whoever makes the content goes on meanwhile. Closing it before it is published leaves nothing.
 */
public final class NewBlob implements AutoCloseable {
    private static final int BLOCK = 512 * 1024;
    private static final int AHEAD = 4;
    /** So many are not written: a file of holes, as a log by user id is, must not fill the disk here. */
    private static final int HOLE = 64 * 1024;

    private static final byte[] ZEROS = new byte[BLOCK];

    private final BlobStore store;
    private final Spool spool;
    private final Path file;
    private final MessageDigest sha256 = BlobStore.sha256();
    private final BlockingQueue<byte[]> idle = new ArrayBlockingQueue<>(AHEAD);
    private final BlockingQueue<Block> full = new ArrayBlockingQueue<>(AHEAD + 1);
    private final OutputStream stream = new BufferedOutputStream(new Blocks(), BLOCK);
    private final Thread writer;

    private volatile @Nullable IOException failure;
    private long size;
    private boolean ended;

    /** An empty one is the last. */
    private static final class Block {
        final byte[] bytes;
        final int length;

        Block(byte[] bytes, int length) {
            this.bytes = bytes;
            this.length = length;
        }
    }

    /** @param spool its own */
    NewBlob(BlobStore store, Spool spool) throws IOException {
        this.store = store;
        this.spool = spool;
        this.file = spool.file();
        for (var i = 0; i < AHEAD; i++) {
            idle.add(new byte[BLOCK]);
        }
        var channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        this.writer = Thread.ofPlatform().daemon().name("blob").start(() -> write(channel));
    }

    private void write(FileChannel channel) {
        try (channel) {
            for (var block = full.take(); block.length > 0; block = full.take()) {
                if (failure == null) {
                    write(channel, block);
                }
                idle.add(block.bytes);
            }
            if (channel.position() > channel.size()) {
                channel.write(ByteBuffer.allocate(1), channel.position() - 1); // it ends in a hole
            }
        } catch (IOException e) {
            failure = e;
        } catch (InterruptedException e) {
            failure = new InterruptedIOException("interrupted");
        }
    }

    private void write(FileChannel channel, Block block) {
        try {
            sha256.update(block.bytes, 0, block.length);
            if (block.length >= HOLE && Arrays.equals(block.bytes, 0, block.length, ZEROS, 0, block.length)) {
                channel.position(channel.position() + block.length);
                return;
            }
            var bytes = ByteBuffer.wrap(block.bytes, 0, block.length);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            failure = e; // the maker hears of it with its next block
        }
    }

    private final class Blocks extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] source, int offset, int length) throws IOException {
            try {
                for (var done = 0; done < length; ) {
                    check();
                    var block = idle.take();
                    var piece = Math.min(block.length, length - done);
                    System.arraycopy(source, offset + done, block, 0, piece);
                    full.put(new Block(block, piece));
                    done += piece;
                    size += piece;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }
    }

    private void check() throws IOException {
        var failed = failure;
        if (failed != null) {
            throw new IOException("cannot write " + file + ": " + failed.getMessage(), failed);
        }
    }

    /** Where the content goes. */
    public OutputStream stream() {
        return stream;
    }

    /**
     * Ends the content; it is not published yet.
     *
     * @return what it is
     */
    public Digest finish() throws IOException {
        stream.flush();
        end();
        check();
        return BlobStore.finished(sha256);
    }

    /** Bytes of it, after {@link #finish}. */
    public long size() {
        return size;
    }

    /** Makes the content durable, and visible under its digest. */
    public void publish(Digest digest) throws IOException {
        store.publish(file, digest);
    }

    /** Makes the content visible; it is durable already, by somebody who has synced its file system since. */
    public void publishSynced(Digest digest) throws IOException {
        store.publishSynced(file, digest);
    }

    private void end() throws IOException {
        if (ended) {
            return;
        }
        ended = true;
        try {
            full.put(new Block(new byte[0], 0));
            writer.join();
        } catch (InterruptedException e) {
            writer.interrupt();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    @Override
    public void close() throws IOException {
        try (spool) {
            end();
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
