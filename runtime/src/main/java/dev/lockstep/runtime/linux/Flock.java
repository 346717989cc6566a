package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A lock on a file by {@code flock(2)}: held by this open descriptor, visible to {@code flock(1)}, gone when the
 * process dies however it dies. (A {@code FileChannel} lock is fcntl's, which closing any descriptor of the file gives
 * away.) The file itself stays: removing it would let two processes hold "the" lock on two inodes.
 */
public final class Flock implements AutoCloseable {
    private static final int LOCK_SH = 1;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;

    private final Fd fd;

    private Flock(Fd fd) {
        this.fd = fd;
    }

    /** Takes the lock for this process alone, or returns empty when somebody has it. Never waits. */
    public static Optional<Flock> tryExclusive(Path file) throws LinuxException {
        return take(file, LOCK_EX | LOCK_NB);
    }

    /** Takes the lock beside other sharers, or returns empty when somebody has it exclusively. Never waits. */
    public static Optional<Flock> tryShared(Path file) throws LinuxException {
        return take(file, LOCK_SH | LOCK_NB);
    }

    /** Waits for the lock as long as it takes. Platform threads only. */
    public static Flock exclusive(Path file) throws LinuxException {
        return take(file, LOCK_EX).orElseThrow();
    }

    /** Waits until nobody has it exclusively, then holds it beside other sharers. Platform threads only. */
    public static Flock shared(Path file) throws LinuxException {
        return take(file, LOCK_SH).orElseThrow();
    }

    private static Optional<Flock> take(Path file, int operation) throws LinuxException {
        var fd = new Fd(
                Libc.check(
                        Libc.open(Libc.bytes(file), Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0600), "open", file),
                file.toString());
        var held = false;
        try {
            while (Libc.flock(fd.number(), operation) < 0) {
                var errno = Native.getLastError();
                if (errno == Errno.EAGAIN) {
                    return Optional.empty();
                }
                if (errno != Errno.EINTR) {
                    throw new LinuxException("flock", file.toString(), errno);
                }
            }
            held = true;
            return Optional.of(new Flock(fd));
        } finally {
            if (!held) {
                fd.close();
            }
        }
    }

    /** Gives the lock back. */
    @Override
    public void close() {
        fd.close();
    }
}
