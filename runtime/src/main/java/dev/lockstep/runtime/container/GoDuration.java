package dev.lockstep.runtime.container;

import java.math.BigDecimal;
import java.time.Duration;

/** A duration in Go's spelling, which is Docker's in its messages: {@code 300ms}, {@code 1.5s}, {@code 1m30s}. */
public final class GoDuration {
    private GoDuration() {}

    /** That duration as text. */
    public static String of(Duration duration) {
        var nanos = duration.toNanos();
        if (nanos == 0) {
            return "0s";
        }
        if (nanos < 1_000_000) {
            return nanos < 1_000 ? nanos + "ns" : decimal(nanos, 3) + "µs";
        }
        if (nanos < 1_000_000_000) {
            return decimal(nanos, 6) + "ms";
        }
        var hours = duration.toHours();
        var seconds = decimal(duration.minusMinutes(duration.toMinutes()).toNanos(), 9) + "s";
        return hours > 0
                ? hours + "h" + duration.toMinutesPart() + "m" + seconds
                : duration.toMinutes() > 0 ? duration.toMinutes() + "m" + seconds : seconds;
    }

    private static String decimal(long value, int places) {
        return BigDecimal.valueOf(value, places).stripTrailingZeros().toPlainString();
    }
}
