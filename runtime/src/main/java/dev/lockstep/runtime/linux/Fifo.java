package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writing to a named pipe that somebody else reads, without waiting for a reader (fifo(7)). */
public final class Fifo {
    private Fifo() {}

    /** Writes the line; false when nobody reads. */
    public static boolean writeLine(Path fifo, String line) throws LinuxException {
        var number = Libc.open(Libc.bytes(fifo), Libc.O_WRONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0);
        if (number < 0) {
            var errno = Native.getLastError();
            if (errno == Errno.ENXIO || errno == Errno.ENOENT) {
                return false;
            }
            throw new LinuxException("open", fifo.toString(), errno);
        }
        try (var fd = new Fd(number, fifo.toString())) {
            var bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
            Libc.writeAll(fd, bytes, 0, bytes.length);
            return true;
        }
    }
}
