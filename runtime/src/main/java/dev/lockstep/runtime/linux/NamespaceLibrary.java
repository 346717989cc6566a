package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/** What {@link NetworkNamespaces} needs of libc. */
final class NamespaceLibrary {
    static final int CLONE_NEWNET = 0x40000000;
    static final long MS_BIND = 0x1000;
    static final int MNT_DETACH = 2;
    static final int UMOUNT_NOFOLLOW = 8;

    /** {@code f_type} of namespace files, linux/magic.h. */
    static final long NSFS_MAGIC = 0x6e736673;

    static {
        Native.register(NamespaceLibrary.class, NativeLibrary.getInstance("libc.so.6"));
    }

    private NamespaceLibrary() {}

    static native int unshare(int flags);

    static native int setns(int fd, int type);
}
