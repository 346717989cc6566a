package dev.lockstep.reconciler.plan;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Sizes and durations as people read them. */
public final class Sizes {
    private static final List<String> UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB", "PiB");

    private Sizes() {}

    /** {@code 134217728} is {@code 128 MiB}; what is no round number keeps its bytes beside it. */
    public static String show(long bytes) {
        var unit = 0;
        var divisor = 1L;
        while (unit < UNITS.size() - 1 && bytes / divisor >= 1024) {
            divisor *= 1024;
            unit++;
        }
        if (bytes % divisor == 0) {
            return bytes / divisor + " " + UNITS.get(unit);
        }
        var rounded = BigDecimal.valueOf(bytes).divide(BigDecimal.valueOf(divisor), 1, RoundingMode.HALF_UP);
        return rounded + " " + UNITS.get(unit) + " (" + bytes + " B)";
    }

    /** {@code PT1M30S} is {@code 1m30s}, as Compose writes it. */
    static String show(Duration duration) {
        return duration.isZero() ? "0s" : duration.toString().substring(2).toLowerCase(Locale.ROOT);
    }
}
