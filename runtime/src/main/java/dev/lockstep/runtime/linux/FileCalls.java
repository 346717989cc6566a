package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/** File calls relative to a directory descriptor, direct-mapped; glibc 2.34 has them all. */
final class FileCalls {
    /** Numbers from 424 on are equal on every architecture. */
    static final long SYS_OPENAT2 = 437;

    static final int RESOLVE_NO_XDEV = 0x01;
    static final int RESOLVE_NO_MAGICLINKS = 0x02;
    static final int RESOLVE_NO_SYMLINKS = 0x04;
    static final int RESOLVE_BENEATH = 0x08;
    static final int RESOLVE_IN_ROOT = 0x10;
    static final int RENAME_NOREPLACE = 1;
    static final int RENAME_EXCHANGE = 2;
    static final int SEEK_SET = 0;
    static final int SEEK_CUR = 1;
    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;
    /** {@code _IOW(0x94, 9, int)} of linux/fs.h: the file shares the other's blocks until one of them is written. */
    static final long FICLONE = 0x40049409L;

    static final int STATX_BASIC_STATS = 0x7ff;
    static final int STATX_MNT_ID = 0x1000;
    static final long STATX_ATTR_MOUNT_ROOT = 0x2000;
    static final int STATX_SIZE = 256;
    /** {@code struct statfs} has 120 bytes on 64-bit machines. */
    static final int STATFS_SIZE = 256;
    /** Offset of {@code f_flags}. */
    static final int STATFS_FLAGS = 80;

    static {
        Native.register(FileCalls.class, NativeLibrary.getInstance("libc.so.6"));
    }

    private FileCalls() {}

    static native int mkdirat(int dir, byte[] name, int mode);

    static native int mknodat(int dir, byte[] name, int mode, long device);

    static native int symlinkat(byte[] target, int dir, byte[] name);

    static native int linkat(int fromDir, byte[] from, int toDir, byte[] to, int flags);

    static native int renameat2(int fromDir, byte[] from, int toDir, byte[] to, int flags);

    static native long readlinkat(int dir, byte[] name, long buffer, long size);

    static native int fchownat(int dir, byte[] name, int uid, int gid, int flags);

    static native int fchmodat(int dir, byte[] name, int mode, int flags);

    static native int utimensat(int dir, byte[] name, long times, int flags);

    static native int fchown(int fd, int uid, int gid);

    static native int fchmod(int fd, int mode);

    static native int futimens(int fd, long times);

    static native int ftruncate(int fd, long length);

    static native int ioctl(int fd, long request, int argument);

    /** {@code inOffset} and {@code outOffset} are addresses of the offsets, which the call moves on. */
    static native long copy_file_range(int in, long inOffset, int out, long outOffset, long size, int flags);

    static native long pread(int fd, long buffer, long size, long offset);

    static native long pwrite(int fd, long buffer, long size, long offset);

    static native long lseek(int fd, long offset, int whence);

    static native int statx(int dir, byte[] name, int flags, int mask, long status);

    /** {@code f_type} is at 0. */
    static native int statfs(byte[] path, long buffer);

    static native int lsetxattr(byte[] path, byte[] attribute, byte[] value, long size, int flags);

    static native long lgetxattr(byte[] path, byte[] attribute, long buffer, long size);

    static native long llistxattr(byte[] path, long buffer, long size);

    static native int lremovexattr(byte[] path, byte[] attribute);

    static native int syncfs(int fd);

    static native int fsync(int fd);

    static native long getdents64(int fd, long buffer, long size);
}
