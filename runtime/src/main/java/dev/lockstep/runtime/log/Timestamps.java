package dev.lockstep.runtime.log;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Arrays;

/**
 * Reads the times that conmon writes, {@code 2026-11-24T14:16:40.890202037+01:00}, in the host's zone. All lines that
 * it got by one read have the same, so the last one is remembered.
 */
final class Timestamps {
    /** No time. */
    static final long NONE = Long.MIN_VALUE;

    private static final int LENGTH = 35;
    private static final long NANOS = 1_000_000_000L;

    private final byte[] last = new byte[LENGTH];
    private long lastNanos = NONE;

    /** Nanoseconds since 1970, or {@link #NONE}. */
    long parse(byte[] text, int from, int to) {
        if (to - from != LENGTH) {
            return slowly(text, from, to);
        }
        if (Arrays.equals(text, from, to, last, 0, LENGTH)) {
            return lastNanos;
        }
        var nanos = quickly(text, from);
        if (nanos == NONE) {
            return slowly(text, from, to);
        }
        System.arraycopy(text, from, last, 0, LENGTH);
        lastNanos = nanos;
        return nanos;
    }

    private static long quickly(byte[] t, int at) {
        if (t[at + 4] != '-' || t[at + 10] != 'T' || t[at + 19] != '.' || t[at + 32] != ':') {
            return NONE;
        }
        var year = number(t, at, 4);
        var month = number(t, at + 5, 2);
        var day = number(t, at + 8, 2);
        var hour = number(t, at + 11, 2);
        var minute = number(t, at + 14, 2);
        var second = number(t, at + 17, 2);
        var fraction = number(t, at + 20, 9);
        var zone = number(t, at + 30, 2) * 60 + number(t, at + 33, 2);
        if ((year | month | day | hour | minute | second | fraction | zone) < 0 || month < 1 || month > 12 || day < 1) {
            return NONE;
        }
        var offset = t[at + 29] == '-' ? -zone : zone;
        try {
            var days = LocalDate.of(year, month, day).toEpochDay();
            return (((days * 24 + hour) * 60 + minute - offset) * 60 + second) * NANOS + fraction;
        } catch (DateTimeException e) {
            return NONE;
        }
    }

    /** Negative when it is none. */
    private static int number(byte[] text, int from, int digits) {
        var value = 0;
        for (var i = from; i < from + digits; i++) {
            var digit = text[i] - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    private static long slowly(byte[] text, int from, int to) {
        try {
            return LogLine.nanos(OffsetDateTime.parse(new String(text, from, to - from, StandardCharsets.US_ASCII))
                    .toInstant());
        } catch (DateTimeException | ArithmeticException e) {
            return NONE;
        }
    }
}
