package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.time.Instant;

/**
 * Writes bytes of the heap, and what a file is besides, into descriptors through one native block that is made once: an
 * unpack writes tens of thousands of files. For one thread.
 */
public final class BlockWriter implements AutoCloseable {
    private final Memory block;

    /** @param size bytes of the block, the most that one write(2) carries, at least 32 */
    public BlockWriter(int size) {
        this.block = new Memory(size);
    }

    /** Writes all of it, or throws with what is written so far in the file. */
    public void write(Fd fd, byte[] source, int offset, int length) throws LinuxException {
        var address = Libc.address(block);
        for (var done = 0; done < length; ) {
            var piece = (int) Math.min(length - done, block.size());
            block.write(0, source, offset + done, piece);
            for (var written = 0; written < piece; ) {
                var n = Libc.write(fd.number(), address + written, piece - written);
                if (n < 0 && Native.getLastError() == Errno.EINTR) {
                    continue;
                }
                written += Libc.check(n, "write", fd);
            }
            done += piece;
        }
    }

    /** Leaves a hole: moves the file's position on. Close with {@link #end}, or a last hole is lost. */
    public void skip(Fd fd, long bytes) throws LinuxException {
        if (FileCalls.lseek(fd.number(), bytes, FileCalls.SEEK_CUR) < 0) {
            throw new LinuxException("lseek", fd.toString(), Native.getLastError());
        }
    }

    /** Sets the file's length. */
    public void end(Fd fd, long length) throws LinuxException {
        if (FileCalls.ftruncate(fd.number(), length) < 0) {
            throw new LinuxException("ftruncate", fd.toString(), Native.getLastError());
        }
    }

    /** Sets owner, then mode, which a change of owner may take bits of, then access and modification time. */
    public void describe(Fd fd, int uid, int gid, int mode, Instant time) throws LinuxException {
        Libc.check(FileCalls.fchown(fd.number(), uid, gid), "fchown", fd);
        Libc.check(FileCalls.fchmod(fd.number(), mode), "fchmod", fd);
        for (var at = 0; at < 32; at += 16) {
            block.setLong(at, time.getEpochSecond());
            block.setLong(at + 8, time.getNano());
        }
        Libc.check(FileCalls.futimens(fd.number(), Libc.address(block)), "futimens", fd);
    }

    @Override
    public void close() {
        block.close();
    }
}
