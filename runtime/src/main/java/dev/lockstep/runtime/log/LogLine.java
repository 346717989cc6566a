package dev.lockstep.runtime.log;

import java.time.Instant;

/**
 * The line that a {@link LogSource} stands at. It is one object that changes with each step, so that reading millions
 * of lines allocates nothing; {@link #copy} is for those who keep it.
 */
public final class LogLine {
    private static final long NANOS = 1_000_000_000L;

    private byte[] array = new byte[0];
    private int offset;
    private int length;
    private long nanos;
    private LogEntry.Stream stream = LogEntry.Stream.STDOUT;
    private boolean complete;

    LogLine() {}

    void set(long time, LogEntry.Stream where, boolean ended, byte[] bytes, int from, int to) {
        nanos = time;
        stream = where;
        complete = ended;
        array = bytes;
        offset = from;
        length = to - from;
    }

    /** When its first bytes were read from the program, in nanoseconds since 1970. */
    public long nanos() {
        return nanos;
    }

    /** When its first bytes were read from the program. */
    public Instant time() {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
    }

    /** Where it was written to. */
    public LogEntry.Stream stream() {
        return stream;
    }

    /** Whether it ended with a newline. */
    public boolean complete() {
        return complete;
    }

    /** How many bytes it has, without the newline. */
    public int length() {
        return length;
    }

    /** Puts its bytes there; the caller has made room. */
    public void copyTo(byte[] target, int at) {
        System.arraycopy(array, offset, target, at, length);
    }

    /** The same, for good. */
    public LogEntry copy() {
        var bytes = new byte[length];
        copyTo(bytes, 0);
        return new LogEntry(time(), stream, bytes, complete);
    }

    /** Makes this that line. */
    void set(LogEntry entry) {
        var bytes = entry.bytes();
        set(nanos(entry.time()), entry.stream(), entry.complete(), bytes, 0, bytes.length);
    }

    static long nanos(Instant time) {
        return Math.addExact(Math.multiplyExact(time.getEpochSecond(), NANOS), time.getNano());
    }
}
