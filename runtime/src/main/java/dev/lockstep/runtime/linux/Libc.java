package dev.lockstep.runtime.linux;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The libc functions that several rooms of this package need, direct-mapped. Paths are NUL-terminated bytes, never
 * {@code String}: with {@code LC_ALL=C} JNA would encode them as ASCII. Addresses inside a block are {@code long}.
 */
final class Libc {
    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_TRUNC = 0x200;
    static final int O_APPEND = 0x400;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;
    static final int O_PATH = 0x200000;
    static final int AT_FDCWD = -100;
    static final int AT_SYMLINK_NOFOLLOW = 0x100;
    static final int AT_REMOVEDIR = 0x200;
    static final int AT_EMPTY_PATH = 0x1000;

    static {
        Native.register(Libc.class, NativeLibrary.getInstance("libc.so.6"));
    }

    private Libc() {}

    static native long syscall(long number, long a, long b, long c, long d, long e);

    static native int open(byte[] path, int flags, int mode);

    static native int openat(int dir, byte[] path, int flags, int mode);

    static native int close(int fd);

    static native long read(int fd, long buffer, long count);

    static native long write(int fd, long buffer, long count);

    static native int fcntl(int fd, int command, long argument);

    static native int flock(int fd, int operation);

    static native int unlinkat(int dir, byte[] path, int flags);

    static native int geteuid();

    static native int gettid();

    static native int kill(int pid, int signal);

    static native int poll(long pollfds, long count, int timeoutMillis);

    static native int mount(
            byte @Nullable [] source, byte[] target, byte @Nullable [] type, long flags, byte @Nullable [] data);

    static native int umount2(byte[] target, int flags);

    /** A function that not every version of the library has. */
    static Optional<Function> find(NativeLibrary library, String name) {
        try {
            return Optional.of(library.getFunction(name));
        } catch (UnsatisfiedLinkError e) {
            return Optional.empty();
        }
    }

    /** Throws with errno when {@code result} is negative. No other native call may stand between the call and this. */
    static int check(long result, String call, Object subject) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, subject.toString(), Native.getLastError());
        }
        return (int) result;
    }

    /** UTF-8 with the closing NUL. */
    static byte[] bytes(String text) {
        var utf8 = text.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(utf8, utf8.length + 1);
    }

    static byte[] bytes(Path path) {
        return bytes(path.toString());
    }

    /** A zeroed block; the caller closes it after the call that uses it. */
    static Memory zeroed(long size) {
        var memory = new Memory(size);
        memory.clear();
        return memory;
    }

    static long address(Pointer pointer) {
        return Pointer.nativeValue(pointer);
    }

    static ByteBuffer buffer(Memory memory) {
        return memory.getByteBuffer(0, memory.size()).order(ByteOrder.nativeOrder());
    }

    /**
     * A {@code char *[]}: pointer table, NULL, then the strings, in one block that the caller closes after the call.
     */
    static Memory strings(List<String> texts) {
        var encoded = texts.stream().map(Libc::bytes).toList();
        var table = 8L * (texts.size() + 1);
        var memory =
                new Memory(table + encoded.stream().mapToLong(b -> b.length).sum());
        var at = table;
        for (var i = 0; i < encoded.size(); i++) {
            var text = encoded.get(i);
            memory.write(at, text, 0, text.length);
            memory.setLong(8L * i, address(memory) + at);
            at += text.length;
        }
        memory.setLong(8L * encoded.size(), 0);
        return memory;
    }

    /** One read(2), at most 64 KiB; −1 at the end. */
    static int read(Fd fd, byte[] target, int offset, int length) throws LinuxException {
        if (length == 0) {
            return 0;
        }
        try (var memory = new Memory(Math.min(length, 65536))) {
            while (true) {
                var n = read(fd.number(), address(memory), memory.size());
                if (n < 0 && Native.getLastError() == Errno.EINTR) {
                    continue;
                }
                check(n, "read", fd);
                memory.read(0, target, offset, (int) n);
                return n == 0 ? -1 : (int) n;
            }
        }
    }

    static void writeAll(Fd fd, byte[] source, int offset, int length) throws LinuxException {
        var done = 0;
        try (var memory = new Memory(Math.clamp(length, 1, 65536))) {
            while (done < length) {
                var piece = Math.min(length - done, (int) memory.size());
                memory.write(0, source, offset + done, piece);
                var n = write(fd.number(), address(memory), piece);
                if (n < 0 && Native.getLastError() == Errno.EINTR) {
                    continue;
                }
                done += check(n, "write", fd);
            }
        }
    }
}
