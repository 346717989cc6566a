package dev.lockstep.runtime.store;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * A file that somebody else sends who does not say how much it is, and who may never end. It stops growing before the
 * file system is full, as long as others can still write there; what has come by then is the caller's to remove.
 */
public final class IncomingFile extends OutputStream {
    /** Bytes that stay free for others. */
    private static final long RESERVE = 1L << 30;
    /** Bytes between two looks at what is free. */
    private static final int STEP = 1 << 20;

    private final OutputStream file;
    private final LongSupplier free;
    private final long reserve;
    private final byte[] one = new byte[1];
    private long written;
    private long unseen;

    private IncomingFile(Path file) throws IOException {
        this(Files.newOutputStream(file), file.toFile()::getUsableSpace);
    }

    /** @param free bytes of the file system now */
    IncomingFile(OutputStream file, LongSupplier free) {
        this.file = file;
        this.free = free;
        // On a disk that is nearly full small files come all the same.
        this.reserve = Math.min(RESERVE, free.getAsLong() / 2);
    }

    /** Begins a file; one that is there is emptied. */
    public static IncomingFile create(Path file) throws IOException {
        return new IncomingFile(file);
    }

    @Override
    public void write(int value) throws IOException {
        one[0] = (byte) value;
        write(one, 0, 1);
    }

    /** @throws NoRoomException when there is no room for more; none of these bytes is written then */
    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        unseen += length;
        if (unseen >= STEP) {
            if (free.getAsLong() - length < reserve) {
                throw new NoRoomException("it did not end after " + written + " bytes, and with more of it less than "
                        + reserve + " bytes of the disk would be free; make room there if it is as large as that");
            }
            unseen = 0;
        }
        file.write(bytes, offset, length);
        written += length;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
