package dev.lockstep.spec.model;

import java.math.BigInteger;
import java.time.Duration;
import java.util.regex.Pattern;

/** Durations as Compose files write them. */
public final class Durations {
    private static final Pattern PART = Pattern.compile("([0-9]{1,30}(?:\\.[0-9]{1,30})?)(ns|us|µs|μs|ms|s|m|h|d|w)");
    private static final BigInteger LONGEST = BigInteger.valueOf(Long.MAX_VALUE);

    private Durations() {}

    /**
     * Reads {@code 1m30s}, {@code 1.5h}, {@code 2d}, {@code 0}; units are ns, us, ms, s, m, h, d (24 h) and w (7 d).
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Duration parse(String text) {
        if (text.equals("0")) {
            return Duration.ZERO;
        }
        var nanos = BigInteger.ZERO;
        var matcher = PART.matcher(text);
        var end = 0;
        while (end < text.length()) {
            if (!matcher.find(end) || matcher.start() != end) {
                throw new IllegalArgumentException(
                        text.matches("[0-9.]+")
                                ? "missing unit in duration \"" + text + "\". Write \"" + text + "s\" for seconds"
                                : "\"" + text + "\" is not a duration. Write numbers with units, such as 1m30s");
            }
            nanos = nanos.add(Decimal.parse(matcher.group(1)).times(unit(matcher.group(2))));
            end = matcher.end();
        }
        if (text.isEmpty()) {
            throw new IllegalArgumentException("\"\" is not a duration. Write numbers with units, such as 1m30s");
        }
        if (nanos.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is longer than the 292 years that a duration may last");
        }
        return Duration.ofNanos(nanos.longValue());
    }

    private static long unit(String unit) {
        return switch (unit) {
            case "ns" -> 1L;
            case "us", "µs", "μs" -> 1_000L;
            case "ms" -> 1_000_000L;
            case "s" -> 1_000_000_000L;
            case "m" -> 60_000_000_000L;
            case "h" -> 3_600_000_000_000L;
            case "d" -> 24 * 3_600_000_000_000L;
            default -> 7 * 24 * 3_600_000_000_000L;
        };
    }

    /** As Go writes it, largest unit hours: {@code 1m30s}, {@code 2h0m0s}, {@code 1.5s}, {@code 500ms}, {@code 0s}. */
    public static String text(Duration duration) {
        var nanos = duration.toNanos();
        if (nanos == 0) {
            return "0s";
        }
        if (nanos < 1_000_000_000L) {
            return nanos < 1_000L
                    ? nanos + "ns"
                    : nanos < 1_000_000L ? fraction(nanos, 3) + "µs" : fraction(nanos, 6) + "ms";
        }
        var minutes = nanos / 60_000_000_000L;
        var seconds = fraction(nanos % 60_000_000_000L, 9) + "s";
        if (minutes == 0) {
            return seconds;
        }
        return (minutes >= 60 ? minutes / 60 + "h" : "") + minutes % 60 + "m" + seconds;
    }

    private static String fraction(long nanos, int digits) {
        return new Decimal(BigInteger.valueOf(nanos), digits).toString();
    }
}
