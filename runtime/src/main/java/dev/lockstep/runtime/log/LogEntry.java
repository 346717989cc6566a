package dev.lockstep.runtime.log;

import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** One line that a container wrote, or what there is of it. The bytes are the program's own: any, not only text. */
public final class LogEntry {
    private final Instant time;
    private final Stream stream;
    private final byte[] bytes;
    private final boolean complete;

    /** Which of the two a program wrote to. */
    public enum Stream {
        STDOUT,
        STDERR
    }

    LogEntry(Instant time, Stream stream, byte[] bytes, boolean complete) {
        this.time = time;
        this.stream = stream;
        this.bytes = bytes;
        this.complete = complete;
    }

    /** When its first bytes were read from the program. */
    public Instant time() {
        return time;
    }

    /** Where it was written to. */
    public Stream stream() {
        return stream;
    }

    /** The line as written, without the newline. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Whether it ended with a newline. */
    public boolean complete() {
        return complete;
    }

    /** The line as UTF-8, with replacement characters where it is not. */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return time + " " + stream + " " + text() + (complete ? "" : "…");
    }
}
