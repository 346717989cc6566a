package dev.lockstep.spec.model;

import java.math.BigInteger;

/**
 * A decimal number, exactly; two are equal if their values are. {@link java.math.BigDecimal} would do as well, but its
 * first use computes tables for 7 ms, half of what reading a small file takes.
 *
 * @param digits the number without its point
 * @param decimals how many of the digits stand behind the point; the last of them is not 0
 */
public record Decimal(BigInteger digits, int decimals) implements Comparable<Decimal> {
    /** @throws IllegalArgumentException if {@code decimals} is negative */
    public Decimal {
        if (decimals < 0) {
            throw new IllegalArgumentException("decimals cannot be " + decimals);
        }
        while (decimals > 0) {
            var parts = digits.divideAndRemainder(BigInteger.TEN);
            if (parts[1].signum() != 0) {
                break;
            }
            digits = parts[0];
            decimals--;
        }
    }

    /**
     * Reads {@code 5}, {@code 0.5}, {@code -.5} and {@code 5.}
     *
     * @throws NumberFormatException if the text is anything else
     */
    public static Decimal parse(String text) {
        var point = text.indexOf('.');
        return point < 0
                ? new Decimal(new BigInteger(text), 0)
                : new Decimal(
                        new BigInteger(text.substring(0, point) + text.substring(point + 1)),
                        text.length() - point - 1);
    }

    /** −1, 0 or 1. */
    public int signum() {
        return digits.signum();
    }

    /** So many times the number, rounded towards zero. */
    public BigInteger times(long factor) {
        return digits.multiply(BigInteger.valueOf(factor)).divide(BigInteger.TEN.pow(decimals));
    }

    @Override
    public int compareTo(Decimal other) {
        return digits.multiply(BigInteger.TEN.pow(other.decimals))
                .compareTo(other.digits.multiply(BigInteger.TEN.pow(decimals)));
    }

    /** Without an exponent: {@code 0.5}. */
    @Override
    public String toString() {
        if (decimals == 0) {
            return digits.toString();
        }
        var text = digits.abs().toString();
        var padded = "0".repeat(Math.max(0, decimals + 1 - text.length())) + text;
        var point = padded.length() - decimals;
        return (digits.signum() < 0 ? "-" : "") + padded.substring(0, point) + "." + padded.substring(point);
    }
}
