package dev.lockstep.runtime.linux;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.util.Optional;

/**
 * posix_spawn(3) and waitpid(2). {@code addclosefrom_np} came with glibc 2.34, the oldest that Lockstep runs on. The
 * spawn family returns the error number and leaves errno alone.
 */
final class SpawnLibrary {
    static final short SETSIGDEF = 0x04;
    static final short SETSIGMASK = 0x08;
    static final short SETSID = 0x80;
    static final short SETCGROUP = 0x100;

    /** {@code posix_spawnattr_setcgroup_np}, which came with glibc 2.39. */
    static final Optional<Function> SET_CGROUP;

    static {
        var libc = NativeLibrary.getInstance("libc.so.6");
        Native.register(SpawnLibrary.class, libc);
        SET_CGROUP = Libc.find(libc, "posix_spawnattr_setcgroup_np");
    }

    private SpawnLibrary() {}

    /** Names a cgroup by a descriptor of its directory; {@link #SET_CGROUP} is there. */
    static int setCgroup(Pointer attributes, int directory) {
        return SET_CGROUP.orElseThrow().invokeInt(new Object[] {attributes, directory});
    }

    static native int posix_spawn(
            int[] pid, byte[] path, Pointer actions, Pointer attributes, Pointer argv, Pointer environment);

    static native int posix_spawn_file_actions_init(Pointer actions);

    static native int posix_spawn_file_actions_destroy(Pointer actions);

    static native int posix_spawn_file_actions_adddup2(Pointer actions, int from, int to);

    static native int posix_spawn_file_actions_addopen(Pointer actions, int fd, byte[] path, int flags, int mode);

    static native int posix_spawn_file_actions_addchdir_np(Pointer actions, byte[] path);

    static native int posix_spawn_file_actions_addclosefrom_np(Pointer actions, int from);

    static native int posix_spawnattr_init(Pointer attributes);

    static native int posix_spawnattr_destroy(Pointer attributes);

    static native int posix_spawnattr_setflags(Pointer attributes, short flags);

    static native int posix_spawnattr_setsigdefault(Pointer attributes, Pointer signals);

    static native int posix_spawnattr_setsigmask(Pointer attributes, Pointer signals);

    static native int sigfillset(Pointer signals);

    static native int sigemptyset(Pointer signals);

    static native int waitpid(int pid, int[] status, int options);
}
