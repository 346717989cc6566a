package dev.lockstep.runtime.volume;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/** How Docker's local driver reads its option {@code size}: {@code 10m}, {@code 1.5 GiB}, {@code 4096}. */
final class VolumeSize {
    private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?) ?([kmgtp]?)i?b?", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "kmgtp";
    private static final int KIBI = 1024;

    private VolumeSize() {}

    /**
     * Bytes; units are powers of 1024, whatever their letters.
     *
     * @return 0: as many as there are
     * @throws IllegalArgumentException with a sentence, for what is no size
     */
    static long parse(String text) {
        var matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("the option size is \"" + text + "\"; write bytes, or as 500m or 10g");
        }
        var unit = matcher.group(2).isEmpty()
                ? 0
                : UNITS.indexOf(Character.toLowerCase(matcher.group(2).charAt(0))) + 1;
        try {
            return new BigDecimal(matcher.group(1))
                    .multiply(BigDecimal.valueOf(KIBI).pow(unit))
                    .toBigInteger()
                    .longValueExact();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("the option size is \"" + text + "\", which no disk has", e);
        }
    }
}
