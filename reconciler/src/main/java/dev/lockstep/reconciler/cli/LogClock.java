package dev.lockstep.reconciler.cli;

import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Writes times as {@link LogPrinter#time} does; what lines of one second share is made once. */
final class LogClock {
    private static final long NANOS = 1_000_000_000L;
    private static final int FRACTION = 20;
    private static final int DIGITS = 9;

    private byte[] text = new byte[0];
    private long second = Long.MIN_VALUE;

    /** Of that time, valid until the next call. */
    byte[] show(long nanos) {
        var now = Math.floorDiv(nanos, NANOS);
        if (now != second) {
            second = now;
            text = LogPrinter.time(Instant.ofEpochSecond(now)).getBytes(StandardCharsets.US_ASCII);
        }
        var rest = Math.floorMod(nanos, NANOS);
        for (var i = FRACTION + DIGITS - 1; i >= FRACTION; i--) {
            text[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return text;
    }
}
