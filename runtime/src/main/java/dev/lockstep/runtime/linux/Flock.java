package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;

/**
 * A lock on a file by {@code flock(2)}: held by this open descriptor, visible to {@code flock(1)}, gone when the
 * process dies however it dies. (A {@code FileChannel} lock is fcntl's, which closing any descriptor of the file gives
 * away.) The file itself stays, since removing it would let two processes hold "the" lock on two inodes; but for
 * {@link #fleeting}, whose takers all look whether they have the file that the path leads to.
 */
public final class Flock implements AutoCloseable {
    private static final int LOCK_SH = 1;
    static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    static final int LOCK_UN = 8;

    private final Fd fd;
    private final Optional<Path> remove;

    private Flock(Fd fd, Optional<Path> remove) {
        this.fd = fd;
        this.remove = remove;
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

    /**
     * Waits for a lock whose file is there only while somebody holds it. Every taker of that file must come through
     * this method, {@link #tryFleeting} or {@link #lastingShared}. Platform threads only.
     */
    public static Flock fleeting(Path file) throws IOException {
        return new Flock(lasting(file).fd, Optional.of(file));
    }

    /** The same without waiting: empty when somebody has it. */
    public static Optional<Flock> tryFleeting(Path file) throws IOException {
        return tryLasting(file).map(lock -> new Flock(lock.fd, Optional.of(file)));
    }

    /**
     * Waits for a lock whose file somebody who holds it may remove for good. Every taker of that file must come through
     * this method, {@link #tryLasting}, {@link #lastingShared}, {@link #fleeting} or {@link #tryFleeting}. Platform
     * threads only.
     */
    public static Flock lasting(Path file) throws IOException {
        while (true) {
            var lock = exclusive(file);
            if (isAt(lock, file)) {
                return lock;
            }
            // Removed, and perhaps somebody has made it anew: again.
        }
    }

    /** The same beside other sharers, none of whom removes the file. */
    public static Flock lastingShared(Path file) throws IOException {
        while (true) {
            var lock = shared(file);
            if (isAt(lock, file)) {
                return lock;
            }
        }
    }

    /** The same without waiting: empty when somebody has it. */
    public static Optional<Flock> tryLasting(Path file) throws IOException {
        while (true) {
            var lock = tryExclusive(file);
            if (lock.isEmpty() || isAt(lock.get(), file)) {
                return lock;
            }
        }
    }

    /** Whether it is the file that the path leads to; if not, it is let go. */
    private static boolean isAt(Flock lock, Path file) throws IOException {
        var ours = false;
        try {
            ours = key(lock.fd.procPath()).equals(key(file));
        } catch (NoSuchFileException e) {
            // Its holder has removed it while we waited.
        } finally {
            if (!ours) {
                lock.close();
            }
        }
        return ours;
    }

    private static Object key(Path file) throws IOException {
        return Objects.requireNonNull(
                Files.readAttributes(file, BasicFileAttributes.class).fileKey(), "device and inode");
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
            return Optional.of(new Flock(fd, Optional.empty()));
        } finally {
            if (!held) {
                fd.close();
            }
        }
    }

    /**
     * Gives the lock back, closing twice is harmless. By name: a child that another thread is just starting has a copy
     * of the descriptor until its exec, and would hold the lock that long.
     */
    @Override
    public void close() {
        if (!fd.isOpen()) {
            return;
        }
        remove.ifPresent(file -> {
            try {
                // While it is still ours.
                Files.deleteIfExists(file);
            } catch (IOException e) {
                // An empty file stays, which the next holder removes.
            }
        });
        Libc.flock(fd.number(), LOCK_UN);
        fd.close();
    }
}
