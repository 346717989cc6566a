package dev.lockstep.runtime.linux;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** A pipe whose ends are given to children and closed here one by one; closing it closes what is left. */
public final class Pipe implements AutoCloseable {
    private final Fd readEnd;
    private final Fd writeEnd;

    private Pipe(Fd readEnd, Fd writeEnd) {
        this.readEnd = readEnd;
        this.writeEnd = writeEnd;
    }

    /** A new pipe, both ends close-on-exec. */
    public static Pipe open() throws LinuxException {
        var ends = new int[2];
        Libc.check(PipeCalls.pipe2(ends, Libc.O_CLOEXEC), "pipe2", "pipe");
        return new Pipe(new Fd(ends[0], "pipe"), new Fd(ends[1], "pipe"));
    }

    /** Where bytes come out. */
    public Fd readEnd() {
        return readEnd;
    }

    /** Where bytes go in. */
    public Fd writeEnd() {
        return writeEnd;
    }

    /**
     * Reads one line without its newline; empty when the other side closed the pipe first. Byte by byte, so that what
     * follows stays in the pipe. Platform threads only.
     *
     * @throws IOException also when the line is not there within {@code timeout}
     */
    public Optional<String> readLine(Duration timeout) throws IOException {
        var deadline = System.nanoTime() + timeout.toNanos();
        var line = new ByteArrayOutputStream();
        var one = new byte[1];
        while (true) {
            if (!Poll.readable(readEnd, Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))) {
                throw new IOException("no answer within " + timeout.toSeconds() + " s");
            }
            if (Libc.read(readEnd, one, 0, 1) < 0) {
                return line.size() == 0 ? Optional.empty() : Optional.of(line.toString(StandardCharsets.UTF_8));
            }
            if (one[0] == '\n') {
                return Optional.of(line.toString(StandardCharsets.UTF_8));
            }
            line.write(one[0]);
        }
    }

    /** Whether there is something to read, or the end, within {@code timeout}. Platform threads only. */
    public boolean awaitReadable(Duration timeout) throws LinuxException {
        return Poll.readable(readEnd, timeout);
    }

    @Override
    public void close() {
        readEnd.close();
        writeEnd.close();
    }
}
