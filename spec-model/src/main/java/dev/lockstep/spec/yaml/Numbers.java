package dev.lockstep.spec.yaml;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Pattern;

/** Numbers as the YAML reader of Compose knows them. */
final class Numbers {
    private static final Pattern INTEGER =
            Pattern.compile("[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*|0[0-7_]+)");
    private static final Pattern FLOAT =
            Pattern.compile("[-+]?(?:\\.[0-9][0-9_]*|[0-9][0-9_]*(?:\\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?");
    private static final Pattern SPECIAL = Pattern.compile("[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN)");
    private static final int LONGEST = 64;

    private Numbers() {}

    static YamlScalar.Kind kindOf(String text) {
        var first = text.charAt(0);
        if (text.length() > LONGEST || "-+.0123456789".indexOf(first) < 0) {
            return YamlScalar.Kind.TEXT;
        }
        if (INTEGER.matcher(text).matches() && !text.endsWith("_")) {
            // What does not fit 64 bits is a float to the reference as well.
            return integer(text).bitLength() <= 64 ? YamlScalar.Kind.INTEGER : YamlScalar.Kind.FLOAT;
        }
        return FLOAT.matcher(text).matches() || SPECIAL.matcher(text).matches()
                ? YamlScalar.Kind.FLOAT
                : YamlScalar.Kind.TEXT;
    }

    static BigInteger integer(String text) {
        var digits = text.replace("_", "");
        var negative = digits.startsWith("-");
        if (negative || digits.startsWith("+")) {
            digits = digits.substring(1);
        }
        BigInteger value;
        if (digits.startsWith("0x")) {
            value = new BigInteger(digits.substring(2), 16);
        } else if (digits.startsWith("0b")) {
            value = new BigInteger(digits.substring(2), 2);
        } else if (digits.startsWith("0o")) {
            value = new BigInteger(digits.substring(2), 8);
        } else if (digits.length() > 1 && digits.startsWith("0")) {
            value = new BigInteger(digits, 8);
        } else {
            value = new BigInteger(digits);
        }
        return negative ? value.negate() : value;
    }

    static double decimal(String text) {
        var plain = text.replace("_", "");
        if (SPECIAL.matcher(plain).matches()) {
            return plain.toLowerCase(Locale.ROOT).endsWith("nan")
                    ? Double.NaN
                    : plain.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        return Double.parseDouble(
                INTEGER.matcher(plain).matches() ? integer(plain).toString() : plain);
    }

    /** As Go prints a float64 with {@code %v}: the fewest digits, an exponent below 1e-04 and from 1e+06 on. */
    static String shortest(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        if (value == 0) {
            return "0";
        }
        var size = Math.abs(value);
        if (size >= 1e-3 && size < 1e6) {
            // Double's own form has no exponent there, and BigDecimal's first use takes milliseconds.
            var text = Double.toString(value);
            return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
        }
        var decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        var exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -4 && exponent < 6) {
            return decimal.toPlainString();
        }
        var digits = decimal.unscaledValue().abs().toString();
        return (value < 0 ? "-" : "")
                + digits.charAt(0)
                + (digits.length() > 1 ? "." + digits.substring(1) : "")
                + (exponent < 0 ? "e-" : "e+")
                + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }
}
