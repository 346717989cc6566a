package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.IOException;

/**
 * Works on files as another user, with all rights of this process: what is made belongs to that user from the start.
 * Where a mount maps ids this is the only way, since root of the host is nobody there and can make nothing (EOVERFLOW),
 * and an overlay whose layers are mapped lives by the user who mounts it.
 *
 * <p>Such a user belongs to a thread (setfsuid(2)), so each work has one of its own, which ends with it.
 */
public final class FileUser {
    private static final int VERSION_3 = 0x20080522;
    private static final int HEADER = 8;
    private static final int SET = 12;

    private FileUser() {}

    /** What binds threads to users; apart from {@link Libc}, for few processes need it. */
    private static final class Library {
        static {
            Native.register(Library.class, NativeLibrary.getInstance("libc.so.6"));
        }

        private Library() {}

        static native int setfsuid(int uid);

        static native int setfsgid(int gid);

        static native int capget(long header, long data);

        static native int capset(long header, long data);
    }

    /** Runs the work as that user and the group of the same number, and returns what it returns. */
    public static <T> T run(int id, OwnThread.Work<T> work) throws IOException {
        return OwnThread.call("files-of-" + Integer.toUnsignedString(id), () -> {
            become(id);
            return work.run();
        });
    }

    private static void become(int id) throws LinuxException {
        // Neither tells of failure but by what a second call says.
        Library.setfsgid(id);
        Library.setfsuid(id);
        if (Library.setfsuid(id) != id || Library.setfsgid(id) != id) {
            throw new LinuxException("setfsuid", Integer.toUnsignedString(id), Errno.EPERM);
        }
        // The change took away what root may do with files (capabilities(7)); it is still permitted.
        try (var header = Libc.zeroed(HEADER);
                var sets = Libc.zeroed(2L * SET)) {
            header.setInt(0, VERSION_3);
            Libc.check(Library.capget(Libc.address(header), Libc.address(sets)), "capget", "self");
            for (var half = 0; half < 2; half++) {
                sets.setInt((long) half * SET, sets.getInt((long) half * SET + 4));
            }
            Libc.check(Library.capset(Libc.address(header), Libc.address(sets)), "capset", "self");
        }
    }
}
