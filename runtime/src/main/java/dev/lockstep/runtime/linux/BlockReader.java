package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.io.IOException;
import java.io.InputStream;

/** Reads descriptors through one native block that is made once, as {@link BlockWriter} writes. For one thread. */
public final class BlockReader implements AutoCloseable {
    private final Memory block;

    /** @param size bytes of the block, the most that one read(2) gives */
    public BlockReader(int size) {
        this.block = new Memory(size);
    }

    /** One read(2) into the beginning of {@code target}; bytes that came, −1 at the end. */
    public int read(Fd fd, byte[] target) throws LinuxException {
        return read(fd, target, 0, target.length);
    }

    /** One read(2); bytes that came, −1 at the end. */
    public int read(Fd fd, byte[] target, int offset, int length) throws LinuxException {
        while (true) {
            var n = Libc.read(fd.number(), Libc.address(block), Math.min(block.size(), length));
            if (n < 0 && Native.getLastError() == Errno.EINTR) {
                continue;
            }
            var count = Libc.check(n, "read", fd);
            block.read(0, target, offset, count);
            return count == 0 ? -1 : count;
        }
    }

    /** What is left of a file, as a stream that is good until this is closed; does not close the descriptor. */
    public InputStream stream(Fd fd) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                var one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return length == 0 ? 0 : BlockReader.this.read(fd, target, offset, length);
            }
        };
    }

    @Override
    public void close() {
        block.close();
    }
}
