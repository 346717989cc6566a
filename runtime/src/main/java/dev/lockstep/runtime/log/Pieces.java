package dev.lockstep.runtime.log;

import java.util.Arrays;

/** What there is of one stream's line that came in pieces. */
final class Pieces {
    /** A program that never ends its line must not fill our memory: such a line is handed out in parts. */
    private static final int LONGEST = 1 << 20;

    private final LogEntry.Stream stream;
    private byte[] bytes = new byte[0];
    private int length;
    private long nanos;
    private boolean begun;

    Pieces(LogEntry.Stream stream) {
        this.stream = stream;
    }

    boolean begun() {
        return begun;
    }

    void forget() {
        begun = false;
    }

    /**
     * Takes one more piece.
     *
     * @param full it ends the line
     * @param line becomes the line, as long as nothing is added
     * @return whether there is a line now
     */
    boolean add(long time, boolean full, byte[] from, int begin, int end, LogLine line) {
        if (full && !begun) {
            line.set(time, stream, true, from, begin, end);
            return true;
        }
        if (!begun) {
            begun = true;
            length = 0;
            nanos = time;
        }
        var needed = length + end - begin;
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, 2 * bytes.length));
        }
        System.arraycopy(from, begin, bytes, length, end - begin);
        length = needed;
        return (full || length >= LONGEST) && take(full, line);
    }

    /** Makes what there is the line; false when there is nothing. */
    boolean take(boolean complete, LogLine line) {
        if (!begun) {
            return false;
        }
        begun = false;
        line.set(nanos, stream, complete, bytes, 0, length);
        return true;
    }
}
