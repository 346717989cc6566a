package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;

/**
 * The mount calls that take descriptors. glibc 2.34 lacks wrappers, so they go by number; from 424 on the numbers are
 * equal on every architecture.
 */
final class MountCalls {
    static final int OPEN_TREE_CLONE = 1;
    static final int AT_RECURSIVE = 0x8000;
    static final int FSCONFIG_SET_FLAG = 0;
    static final int FSCONFIG_SET_STRING = 1;
    static final int MNT_DETACH = 2;
    static final int UMOUNT_NOFOLLOW = 8;

    private static final long OPEN_TREE = 428;
    private static final long MOVE_MOUNT = 429;
    private static final long FSOPEN = 430;
    private static final long FSCONFIG = 431;
    private static final long FSMOUNT = 432;
    private static final long MOUNT_SETATTR = 442;
    private static final long MOUNT_ATTR_IDMAP = 0x00100000;
    private static final int FSOPEN_CLOEXEC = 1;
    private static final int FSMOUNT_CLOEXEC = 1;
    private static final int FSCONFIG_CMD_CREATE = 6;
    private static final int MOVE_MOUNT_F_EMPTY_PATH = 0x4;
    private static final int MOVE_MOUNT_T_EMPTY_PATH = 0x40;

    private MountCalls() {}

    static Fd fsopen(String type) throws LinuxException {
        try (var name = text(type)) {
            var n = Libc.syscall(FSOPEN, Libc.address(name), FSOPEN_CLOEXEC, 0, 0, 0);
            return new Fd(Libc.check(n, "fsopen", type), type);
        }
    }

    static void fsconfig(Fd context, String key, String value) throws LinuxException {
        try (var k = text(key);
                var v = text(value)) {
            var n = Libc.syscall(FSCONFIG, context.number(), FSCONFIG_SET_STRING, Libc.address(k), Libc.address(v), 0);
            check(n, context, "fsconfig", key + "=" + value);
        }
    }

    /** An option without a value. */
    static void fsconfig(Fd context, String key) throws LinuxException {
        try (var k = text(key)) {
            var n = Libc.syscall(FSCONFIG, context.number(), FSCONFIG_SET_FLAG, Libc.address(k), 0, 0);
            check(n, context, "fsconfig", key);
        }
    }

    /**
     * Whether the file system looks at each key when it comes. One that has not been made for fsconfig(2) has all of
     * them kept for it (legacy_parse_param in fs/fs_context.c), and refuses what it does not know when it is made: with
     * EINVAL, and without a word of which.
     */
    static boolean looksAtKeys(Fd context) throws LinuxException {
        try {
            fsconfig(context, "lockstep");
            return false;
        } catch (LinuxException e) {
            if (e.errno() == Errno.EINVAL) {
                return true;
            }
            throw e;
        }
    }

    /** Makes the file system and a mount of it that is nowhere yet. */
    static Fd fsmount(Fd context, int attributes) throws LinuxException {
        check(Libc.syscall(FSCONFIG, context.number(), FSCONFIG_CMD_CREATE, 0, 0, 0), context, "fsconfig", context);
        var n = Libc.syscall(FSMOUNT, context.number(), FSMOUNT_CLOEXEC, attributes, 0, 0);
        return new Fd(check(n, context, "fsmount", context), context.toString());
    }

    static Fd openTree(Fd place, int flags) throws LinuxException {
        try (var empty = text("")) {
            var n = Libc.syscall(
                    OPEN_TREE,
                    place.number(),
                    Libc.address(empty),
                    Libc.AT_EMPTY_PATH | OPEN_TREE_CLONE | Libc.O_CLOEXEC | flags,
                    0,
                    0);
            return new Fd(Libc.check(n, "open_tree", place), place.toString());
        }
    }

    static void setAttributes(Fd mount, long set, long clear, long propagation, int flags) throws LinuxException {
        try (var empty = text("");
                var attributes = Libc.zeroed(32)) {
            attributes.setLong(0, set);
            attributes.setLong(8, clear);
            attributes.setLong(16, propagation);
            var n = Libc.syscall(
                    MOUNT_SETATTR,
                    mount.number(),
                    Libc.address(empty),
                    Libc.AT_EMPTY_PATH | flags,
                    Libc.address(attributes),
                    attributes.size());
            Libc.check(n, "mount_setattr", mount);
        }
    }

    /** Whoever looks through the mount sees the ids of the files as the user namespace maps them. */
    static void mapIds(Fd mount, Fd userNamespace, int flags) throws LinuxException {
        try (var empty = text("");
                var attributes = Libc.zeroed(32)) {
            attributes.setLong(0, MOUNT_ATTR_IDMAP);
            attributes.setLong(24, userNamespace.number());
            var n = Libc.syscall(
                    MOUNT_SETATTR,
                    mount.number(),
                    Libc.address(empty),
                    Libc.AT_EMPTY_PATH | flags,
                    Libc.address(attributes),
                    attributes.size());
            Libc.check(n, "mount_setattr MOUNT_ATTR_IDMAP", mount);
        }
    }

    /** Both ends by descriptor: nothing is looked up by name between check and mount. */
    static void moveMount(Fd mount, Fd target) throws LinuxException {
        try (var empty = text("")) {
            var n = Libc.syscall(
                    MOVE_MOUNT,
                    mount.number(),
                    Libc.address(empty),
                    target.number(),
                    Libc.address(empty),
                    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
            Libc.check(n, "move_mount", target);
        }
    }

    private static int check(long result, Fd context, String call, Object subject) throws LinuxException {
        if (result >= 0) {
            return (int) result;
        }
        var errno = Native.getLastError();
        throw new LinuxException(call, subject.toString(), errno, log(context));
    }

    /** The kernel's own sentences, {@code e overlay: …}, one a read, ENODATA at the end (fsopen(2)). */
    private static String log(Fd context) {
        var sentences = new StringBuilder();
        try (var memory = new Memory(4096)) {
            for (long n; (n = Libc.read(context.number(), Libc.address(memory), memory.size())) > 0; ) {
                sentences.append(sentences.isEmpty() ? "" : "; ");
                sentences.append(new String(memory.getByteArray(0, (int) n), StandardCharsets.UTF_8).strip());
            }
        }
        return sentences.toString();
    }

    private static Memory text(String value) {
        var bytes = Libc.bytes(value);
        var memory = new Memory(bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        return memory;
    }
}
