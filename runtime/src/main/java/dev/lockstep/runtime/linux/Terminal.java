package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The terminal that this process was started on (termios(3)). Made raw, it hands every key to the reader, so that
 * Ctrl-C reaches the program at the other end and not us; {@link #close()} makes it what it was.
 */
public final class Terminal implements AutoCloseable {
    private static final Path CONTROLLING = Path.of("/dev/tty");
    /** The same on x86-64 and arm64 (asm-generic/ioctls.h). */
    private static final long TIOCGWINSZ = 0x5413;
    /** Changes when all output is written (termios(3), TCSADRAIN). */
    private static final int AFTER_OUTPUT = 1;
    /** {@code struct termios} of glibc has 60 bytes on both. */
    private static final int TERMIOS = 60;

    private final Fd fd;
    private Optional<byte[]> before = Optional.empty();

    /** Rows and columns of characters. */
    public record Size(int rows, int columns) {}

    private Terminal(Fd fd) {
        this.fd = fd;
    }

    /** Only loaded where there is a terminal. */
    private static final class Calls {
        static {
            Native.register(Calls.class, NativeLibrary.getInstance("libc.so.6"));
        }

        private Calls() {}

        static native int tcgetattr(int fd, byte[] termios);

        static native int tcsetattr(int fd, int when, byte[] termios);

        static native void cfmakeraw(byte[] termios);

        static native int ioctl(int fd, long request, short[] argument);
    }

    /** Opens it; empty when this process has none. */
    public static Optional<Terminal> open() throws LinuxException {
        try {
            return Optional.of(new Terminal(Fd.open(CONTROLLING, Libc.O_RDWR)));
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENXIO || e.errno() == Errno.ENOENT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Every key goes to the reader at once, unseen and unchanged, until {@link #close()}. */
    public synchronized void raw() throws LinuxException {
        var settings = new byte[TERMIOS];
        Libc.check(Calls.tcgetattr(fd.number(), settings), "tcgetattr", CONTROLLING);
        before = before.or(() -> Optional.of(settings.clone()));
        Calls.cfmakeraw(settings);
        Libc.check(Calls.tcsetattr(fd.number(), AFTER_OUTPUT, settings), "tcsetattr", CONTROLLING);
    }

    /** How large it is now. */
    public Size size() throws LinuxException {
        var size = new short[4]; // struct winsize: rows, columns, and pixels that nobody fills in
        Libc.check(Calls.ioctl(fd.number(), TIOCGWINSZ, size), "ioctl TIOCGWINSZ", CONTROLLING);
        return new Size(Short.toUnsignedInt(size[0]), Short.toUnsignedInt(size[1]));
    }

    /** Makes it what it was and lets go of it. */
    @Override
    public synchronized void close() throws LinuxException {
        try {
            if (before.isPresent()) {
                var settings = before.get();
                before = Optional.empty();
                Libc.check(Calls.tcsetattr(fd.number(), AFTER_OUTPUT, settings), "tcsetattr", CONTROLLING);
            }
        } finally {
            fd.close();
        }
    }
}
