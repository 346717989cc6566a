package dev.lockstep.runtime.snapshot;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Reads a stream on a thread of its own, a bounded way ahead: one processor uncompresses while another hashes and makes
 * files. Closing it ends the thread and closes the source.
 */
final class ReadAhead extends InputStream {
    /** So many blocks are full, empty or in use; for each layer at once. */
    private static final int BLOCKS = 6;

    private static final int BLOCK = 256 * 1024;

    /** A piece of the stream; shorter than a block only at its end, empty there at last. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Piece(byte[] bytes, int length, @Nullable IOException failure) {}

    private final InputStream source;
    private final BlockingQueue<Piece> full = new ArrayBlockingQueue<>(BLOCKS);
    private final BlockingQueue<byte[]> empty = new ArrayBlockingQueue<>(BLOCKS);
    private final Thread reader;
    private final byte[] one = new byte[1];
    /** The reader's own. */
    private @Nullable IOException broken;

    private @Nullable Piece current;
    private int at;

    ReadAhead(InputStream source) {
        this.source = source;
        for (var i = 0; i < BLOCKS; i++) {
            empty.add(new byte[0]);
        }
        this.reader = Thread.ofPlatform().name("read-ahead").daemon().start(this::readAll);
    }

    private void readAll() {
        try {
            Piece piece;
            do {
                piece = next(empty.take());
                full.put(piece);
            } while (piece.length > 0);
        } catch (InterruptedException e) {
            // Closed: nobody wants more.
        }
    }

    private Piece next(byte[] block) {
        if (broken != null) {
            return new Piece(block, 0, broken);
        }
        var bytes = block;
        var length = 0;
        try {
            // Made when first needed: a small layer takes one.
            bytes = block.length == 0 ? new byte[BLOCK] : block;
            for (var n = 0; n >= 0 && length < bytes.length; ) {
                n = source.read(bytes, length, bytes.length - length);
                length += Math.max(n, 0);
            }
        } catch (IOException e) {
            broken = e;
        } catch (RuntimeException | Error e) {
            // An error too, such as too little memory: where this thread ends without a word, the reader waits on.
            broken = new IOException(e);
        }
        // What came before a failure counts: it says how far the archive was good.
        return new Piece(bytes, length, length == 0 ? broken : null);
    }

    @Override
    public int read() throws IOException {
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        var piece = current();
        if (piece.length == 0) {
            return -1;
        }
        var n = Math.min(length, piece.length - at);
        System.arraycopy(piece.bytes, at, target, offset, n);
        at += n;
        return n;
    }

    /** The piece to go on with; an empty one at the end. */
    private Piece current() throws IOException {
        try {
            var piece = current;
            if (piece == null || at == piece.length && piece.length > 0) {
                if (piece != null) {
                    empty.put(piece.bytes);
                }
                piece = full.take();
                current = piece;
                at = 0;
            }
            if (piece.failure != null) {
                throw piece.failure;
            }
            return piece;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    @Override
    public void close() throws IOException {
        reader.interrupt();
        var interrupted = false;
        while (reader.isAlive()) {
            try {
                reader.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        source.close();
    }
}
