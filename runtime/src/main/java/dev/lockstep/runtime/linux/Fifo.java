package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Writing to a named pipe that somebody else reads, without waiting for a reader (fifo(7)). */
public final class Fifo implements AutoCloseable {
    /** The same on x86-64 and arm64 (asm-generic/ioctls.h): how many bytes nobody has read yet. */
    private static final long FIONREAD = 0x541B;
    /** A reader that takes no line for that long has other troubles than two lines at once. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final Duration LOOK = Duration.ofMillis(1);

    static {
        Native.register(Fifo.class, NativeLibrary.getInstance("libc.so.6"));
    }

    private final Fd fd;
    private final Optional<ProcessIdentity> reader;

    private Fifo(Fd fd, Optional<ProcessIdentity> reader) {
        this.fd = fd;
        this.reader = reader;
    }

    private static native int ioctl(int fd, long request, int[] argument);

    /**
     * For writing; empty when nobody reads.
     *
     * @param reader the process that reads, whose other queues are waited for, too; may be empty where it is not known
     */
    public static Optional<Fifo> open(Path fifo, Optional<ProcessIdentity> reader) throws LinuxException {
        var number = Libc.open(Libc.bytes(fifo), Libc.O_WRONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0);
        if (number < 0) {
            var errno = Native.getLastError();
            if (errno == Errno.ENXIO || errno == Errno.ENOENT) {
                return Optional.empty();
            }
            throw new LinuxException("open", fifo.toString(), errno);
        }
        return Optional.of(new Fifo(new Fd(number, fifo.toString()), reader));
    }

    /** Writes the line as {@link #writeLine(String)} does; false when nobody reads. */
    public static boolean writeLine(Path path, Optional<ProcessIdentity> reader, String line) throws LinuxException {
        var fifo = open(path, reader);
        if (fifo.isEmpty()) {
            return false;
        }
        try (var open = fifo.get()) {
            return open.writeLine(line);
        }
    }

    /**
     * Writes the line; false when nobody reads any more. Lines that are written at about the same time, by whatever
     * process, reach the reader one by one: each waits until the one before it has been done, for a second at most.
     * conmon 2.1.12, which finds several at once, does what the first one says for each of them. It hands sizes of
     * terminals on to itself through a second pipe, so it has done a line when it waits for the next one.
     */
    public boolean writeLine(String line) throws LinuxException {
        var bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        Libc.check(Libc.flock(fd.number(), Flock.LOCK_EX), "flock", fd);
        try {
            var begin = System.nanoTime();
            while (!isDone() && System.nanoTime() - begin < PATIENCE.toNanos()) {
                LockSupport.parkNanos(LOOK.toNanos());
            }
            Libc.writeAll(fd, bytes, 0, bytes.length);
            return true;
        } catch (LinuxException e) {
            if (e.errno() == Errno.EPIPE) {
                return false;
            }
            throw e;
        } finally {
            Libc.flock(fd.number(), Flock.LOCK_UN);
        }
    }

    /** Writes one byte, at once; false when nobody reads any more. */
    public boolean write(byte one) throws LinuxException {
        try {
            Libc.writeAll(fd, new byte[] {one}, 0, 1);
            return true;
        } catch (LinuxException e) {
            if (e.errno() == Errno.EPIPE) {
                return false;
            }
            throw e;
        }
    }

    private boolean isDone() throws LinuxException {
        var unread = new int[1];
        Libc.check(ioctl(fd.number(), FIONREAD, unread), "ioctl FIONREAD", fd);
        return unread[0] == 0 && (reader.isEmpty() || isAsleep(reader.get()));
    }

    private static boolean isAsleep(ProcessIdentity process) {
        return ProcessStatus.of(process.pid())
                .map(status -> status.state() == 'S')
                .orElse(true);
    }

    @Override
    public void close() {
        fd.close();
    }
}
