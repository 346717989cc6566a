package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;

/**
 * Copies what is in files. Where the file system can, both share their blocks until one of them is written (Btrfs,
 * XFS); else the kernel copies, and what is not in between stays a hole. For one thread.
 */
public final class FileCopy implements AutoCloseable {
    private static final int BLOCK = 256 * 1024;
    private static final long AT_ONCE = 1L << 30;

    private final Memory block = new Memory(BLOCK);
    private boolean shares = true;
    private boolean byKernel = true;

    /**
     * Fills an empty file.
     *
     * @param size how much of {@code from} is copied; when that is less by now, {@code to} ends with zeros
     */
    public void copy(Fd from, Fd to, long size) throws LinuxException {
        if (shares && FileCalls.ioctl(to.number(), FileCalls.FICLONE, from.number()) >= 0) {
            return;
        }
        // One that cannot says so at the first file; the two ends stay on their file systems.
        shares = false;
        for (var next = FileExtent.after(from, 0, size); next.isPresent(); ) {
            var extent = next.get();
            segment(from, to, extent.offset(), extent.end());
            next = FileExtent.after(from, extent.end(), size);
        }
        Libc.check(FileCalls.ftruncate(to.number(), size), "ftruncate", to);
    }

    private void segment(Fd from, Fd to, long begin, long end) throws LinuxException {
        var address = Libc.address(block);
        for (var at = begin; at < end; ) {
            var n = byKernel ? range(from, to, at, Math.min(end - at, AT_ONCE)) : -1;
            if (n < 0) {
                byKernel = false;
                n = FileCalls.pread(from.number(), address, Math.min(end - at, BLOCK), at);
                if (n < 0) {
                    throw new LinuxException("pread", from.toString(), Native.getLastError());
                }
                write(to, address, n, at);
            }
            if (n == 0) {
                return; // it became shorter
            }
            at += n;
        }
    }

    /** Copied bytes, or -1 where the kernel cannot do it between these two. */
    private long range(Fd from, Fd to, long at, long length) throws LinuxException {
        block.setLong(0, at);
        block.setLong(8, at);
        var address = Libc.address(block);
        var n = FileCalls.copy_file_range(from.number(), address, to.number(), address + 8, length, 0);
        if (n >= 0) {
            return n;
        }
        var errno = Native.getLastError();
        return switch (errno) {
            case Errno.EXDEV, Errno.EINVAL, Errno.ENOSYS, Errno.EOPNOTSUPP -> -1;
            default -> throw new LinuxException("copy_file_range", to.toString(), errno);
        };
    }

    private static void write(Fd to, long address, long length, long offset) throws LinuxException {
        for (var done = 0L; done < length; ) {
            var n = FileCalls.pwrite(to.number(), address + done, length - done, offset + done);
            if (n < 0) {
                throw new LinuxException("pwrite", to.toString(), Native.getLastError());
            }
            done += n;
        }
    }

    @Override
    public void close() {
        block.close();
    }
}
