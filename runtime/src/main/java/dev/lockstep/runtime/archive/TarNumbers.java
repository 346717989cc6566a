package dev.lockstep.runtime.archive;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.regex.Pattern;

/** Numbers as tar headers write them. */
final class TarNumbers {
    private static final Pattern TIME = Pattern.compile("-?[0-9]{1,18}(\\.[0-9]{0,64})?");
    private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,19}");

    private TarNumbers() {}

    /** Octal text, or GNU's base-256 when the first bit is set. Blank is 0. */
    static long field(byte[] block, int offset, int length) throws ArchiveException {
        if ((block[offset] & 0x80) != 0) {
            return base256(block, offset, length);
        }
        var text = new String(block, offset, length, StandardCharsets.ISO_8859_1);
        var nul = text.indexOf('\0');
        // Some old tars fill with NUL before the digits: those are blanks too.
        var digits = (nul > 0 ? text.substring(0, nul) : text.replace('\0', ' ')).strip();
        var value = 0L;
        for (var i = 0; i < digits.length(); i++) {
            var digit = digits.charAt(i) - '0';
            if (digit < 0 || digit > 7 || value > (Long.MAX_VALUE >> 3)) {
                throw new ArchiveException("damaged tar header: \"" + printable(digits) + "\" is no octal number");
            }
            value = value << 3 | digit;
        }
        return value;
    }

    /** Two's complement, big endian, without the bit that marks it. */
    private static long base256(byte[] block, int offset, int length) throws ArchiveException {
        var negative = (block[offset] & 0x40) != 0;
        var value = negative ? -1L : 0L;
        for (var i = 0; i < length; i++) {
            var bits = block[offset + i] & 0xff;
            if (i == 0) {
                bits = negative ? bits | 0x80 : bits & 0x7f;
            }
            var shifted = value << 8 | bits;
            if (shifted >> 8 != value) {
                throw new ArchiveException("damaged tar header: a number has more than 64 bits");
            }
            value = shifted;
        }
        return value;
    }

    /** Digits only, as extended headers have them. */
    static long decimal(String text) throws ArchiveException {
        try {
            if (DECIMAL.matcher(text).matches()) {
                return Long.parseLong(text);
            }
        } catch (NumberFormatException e) {
            // 19 digits may be too many: said below.
        }
        throw new ArchiveException("damaged tar header: \"" + printable(text) + "\" is no number");
    }

    /** Seconds since 1970 with a fraction, possibly negative. */
    static Instant time(String text) throws ArchiveException {
        if (!TIME.matcher(text).matches()) {
            throw new ArchiveException("damaged tar header: \"" + printable(text) + "\" is no time");
        }
        var value = new BigDecimal(text.endsWith(".") ? text + "0" : text);
        var seconds = value.setScale(0, RoundingMode.FLOOR);
        var nanos = value.subtract(seconds).movePointRight(9).setScale(0, RoundingMode.FLOOR);
        return time(seconds.longValueExact(), nanos.intValueExact());
    }

    /** A time no file system can hold is clamped to one that Java can. */
    static Instant time(long seconds, int nanos) {
        try {
            return Instant.ofEpochSecond(seconds, nanos);
        } catch (DateTimeException e) {
            return seconds < 0 ? Instant.MIN : Instant.MAX;
        }
    }

    static String printable(String text) {
        var cut = text.length() > 40 ? text.substring(0, 40) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
