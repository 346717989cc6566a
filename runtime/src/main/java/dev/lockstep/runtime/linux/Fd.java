package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One open file descriptor, always close-on-exec. Whoever made it closes it; closing twice is harmless. Not for two
 * threads at once.
 */
public final class Fd implements AutoCloseable {
    private final int number;
    private final Object subject;
    private final AtomicBoolean open = new AtomicBoolean(true);

    /** @param subject what it is open on, for messages */
    Fd(int number, Object subject) {
        this.number = number;
        this.subject = subject;
    }

    /** Opens read-only. */
    public static Fd open(Path path) throws LinuxException {
        return open(path, 0);
    }

    /** Opens a named pipe read-only, and does not wait for who writes to it. */
    public static Fd openWithoutWaiting(Path pipe) throws LinuxException {
        return open(pipe, Libc.O_NONBLOCK);
    }

    /** Opens a place in the file system without opening the file (O_PATH); follows links. */
    public static Fd openPath(Path path) throws LinuxException {
        return open(path, Libc.O_PATH);
    }

    static Fd open(Path path, int flags) throws LinuxException {
        return new Fd(
                Libc.check(Libc.open(Libc.bytes(path), flags | Libc.O_CLOEXEC, 0), "open", path), path.toString());
    }

    /**
     * The number, valid until {@link #close()}.
     *
     * @throws IllegalStateException afterwards: by then the number may be another file's
     */
    public int number() {
        if (!open.get()) {
            throw new IllegalStateException(subject + " is closed");
        }
        return number;
    }

    boolean isOpen() {
        return open.get();
    }

    /** Waits until the content and what is known of the file are on the disk; of a directory, its names. */
    public void sync() throws LinuxException {
        Libc.check(FileCalls.fsync(number()), "fsync", this);
    }

    /** A path that names what this descriptor is open on, for calls that only take paths. */
    public Path procPath() {
        return Path.of("/proc/self/fd/" + number);
    }

    /** Reads until the end; does not close the descriptor. Blocks: platform threads only. */
    public InputStream inputStream() {
        return new InputStream() {
            private final byte[] one = new byte[1];

            @Override
            public int read() throws IOException {
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return Libc.read(Fd.this, target, offset, length);
            }
        };
    }

    /** Reads a file from a place on; see {@link #inputStream()}. Moves the file's position. */
    public InputStream inputStream(long offset) throws LinuxException {
        if (FileCalls.lseek(number(), offset, FileCalls.SEEK_SET) < 0) {
            throw new LinuxException("lseek", toString(), Native.getLastError());
        }
        return inputStream();
    }

    /** Writes through; does not close the descriptor. Blocks: platform threads only. */
    public OutputStream outputStream() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                Libc.writeAll(Fd.this, new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] source, int offset, int length) throws IOException {
                Libc.writeAll(Fd.this, source, offset, length);
            }
        };
    }

    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            Libc.close(number);
        }
    }

    @Override
    public String toString() {
        return subject.toString();
    }
}
