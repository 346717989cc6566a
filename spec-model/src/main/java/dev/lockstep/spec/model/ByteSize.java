package dev.lockstep.spec.model;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A number of bytes; −1 is Compose's "unlimited" where a key allows it.
 *
 * @param bytes at least −1
 */
public record ByteSize(long bytes) {
    private static final Pattern TEXT =
            Pattern.compile("(\\d{1,30}(?:\\.\\d{0,30})?) ?([bkmgtp]?)(?:(?<=[kmgtp])i?b)?");
    private static final String UNITS = "bkmgtp";

    public ByteSize {
        if (bytes < -1) {
            throw new IllegalArgumentException("a size cannot be negative, got " + bytes);
        }
    }

    /**
     * Reads {@code 64m}, {@code 1.5g}, {@code 10 MiB}, {@code 4096}; every unit is a power of 1024, in any case.
     *
     * @throws IllegalArgumentException with a sentence that says what is allowed
     */
    public static ByteSize parse(String text) {
        if (text.equals("-1")) {
            return new ByteSize(-1);
        }
        var matcher = TEXT.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw invalid(text);
        }
        var unit = matcher.group(2);
        var power = unit.isEmpty() ? 0 : UNITS.indexOf(unit.charAt(0));
        var bytes = Decimal.parse(matcher.group(1)).times(1L << (10 * power));
        if (bytes.bitLength() > 63) {
            throw new IllegalArgumentException("\"" + text + "\" is larger than any machine");
        }
        return new ByteSize(bytes.longValue());
    }

    private static IllegalArgumentException invalid(String text) {
        return new IllegalArgumentException(
                "\"" + text + "\" is not a size. Write a number and a unit: b, k, m, g, t or p, such as 512m");
    }

    /** The number of bytes in decimal. */
    @Override
    public String toString() {
        return Long.toString(bytes);
    }
}
