package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Hears what happens in directories (inotify(7)), with what Java's own service lacks: a watch that ends with its first
 * event, so that a file that grows all the time costs nothing. Platform threads only.
 */
public final class Inotify implements AutoCloseable {
    /** A file was written to. */
    public static final int MODIFY = 0x2;

    /** A file has come under another name. */
    public static final int MOVED_TO = 0x80;

    /** A file was made. */
    public static final int CREATE = 0x100;

    /** A file was removed. */
    public static final int DELETE = 0x200;

    /** The directory itself has got another name. */
    public static final int MOVE_SELF = 0x800;

    /** The watch ends with its first event. */
    public static final int ONE_SHOT = 0x8000_0000;

    /** The watch has ended, or the directory is gone. */
    public static final int IGNORED = 0x8000;

    /** More happened than the kernel kept; {@link Event#watch} is −1. */
    public static final int OVERFLOW = 0x4000;

    private static final int HEADER = 16;

    private final Fd fd;
    private final Memory buffer = new Memory(65536);

    static {
        Native.register(Inotify.class, NativeLibrary.getInstance("libc.so.6"));
    }

    private Inotify(Fd fd) {
        this.fd = fd;
    }

    /**
     * Something happened.
     *
     * @param watch what {@link #watch} gave
     */
    public record Event(int watch, int mask) {}

    private static native int inotify_init1(int flags);

    private static native int inotify_add_watch(int fd, byte[] path, int mask);

    private static native int inotify_rm_watch(int fd, int watch);

    /** Watches nothing yet. */
    public static Inotify open() throws LinuxException {
        return new Inotify(new Fd(
                Libc.check(inotify_init1(Libc.O_CLOEXEC | Libc.O_NONBLOCK), "inotify_init1", "events"), "inotify"));
    }

    /** Watches that directory from now on; the number that its events have. */
    public int watch(Path directory, int mask) throws LinuxException {
        return Libc.check(inotify_add_watch(fd.number(), Libc.bytes(directory), mask), "inotify_add_watch", directory);
    }

    /** Ends a watch; no effect when it has ended. */
    public void forget(int watch) {
        inotify_rm_watch(fd.number(), watch);
    }

    /** What has happened, oldest first; waits for the first event as long as that. */
    public List<Event> read(Duration timeout) throws LinuxException {
        if (!Poll.readable(fd, timeout)) {
            return List.of();
        }
        var n = Libc.read(fd.number(), Libc.address(buffer), buffer.size());
        if (n < 0 && (Native.getLastError() == Errno.EINTR || Native.getLastError() == Errno.EAGAIN)) {
            return List.of();
        }
        Libc.check(n, "read", fd);
        var events = new ArrayList<Event>();
        for (var at = 0L; at + HEADER <= n; ) {
            events.add(new Event(buffer.getInt(at), buffer.getInt(at + 4)));
            at += HEADER + buffer.getInt(at + 12);
        }
        return events;
    }

    @Override
    public void close() {
        fd.close();
        buffer.close();
    }
}
