package dev.lockstep.spec.settings;

import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A version by <a href="https://semver.org/spec/v2.0.0.html">Semantic Versioning 2.0</a>, as people tag it: a {@code v}
 * before it and missing parts behind ({@code v1.1}) are allowed. Ordered by precedence; what is behind a {@code +} does
 * not count for that.
 *
 * @param numbers one to three: major, minor, patch
 * @param preRelease identifiers behind the {@code -}; empty for a release
 * @param build what is behind the {@code +}, {@code ""} where nothing is
 */
public record Version(List<BigInteger> numbers, List<String> preRelease, String build) implements Comparable<Version> {
    private static final String NUMBER = "(?:0|[1-9][0-9]*)";
    /** A number, which has no leading zeros, or something with a letter or hyphen. */
    private static final String IDENTIFIER = "(?:" + NUMBER + "|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)";

    private static final Pattern VERSION = Pattern.compile("v?(?<numbers>" + NUMBER + "(?:\\." + NUMBER + "){0,2})"
            + "(?:-(?<pre>" + IDENTIFIER + "(?:\\." + IDENTIFIER + ")*))?"
            + "(?:\\+(?<build>[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?");

    /** Longer is nobody's version, and costs time to look at. */
    private static final int LONGEST = 200;

    private static final int PARTS = 3;

    public Version {
        numbers = List.copyOf(numbers);
        preRelease = List.copyOf(preRelease);
        if (numbers.isEmpty() || numbers.size() > PARTS) {
            throw new IllegalArgumentException("a version has one to three numbers");
        }
    }

    /** Reads one; empty for a text that is none: four parts, leading zeros, a date such as {@code 2026-01-31}. */
    public static Optional<Version> parse(String text) {
        if (text.length() > LONGEST) {
            return Optional.empty();
        }
        var matcher = VERSION.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        var numbers = Stream.of(matcher.group("numbers").split("\\."))
                .map(BigInteger::new)
                .toList();
        var pre = Optional.ofNullable(matcher.group("pre"))
                .map(p -> List.of(p.split("\\.")))
                .orElse(List.of());
        if (numbers.size() == 1 && !pre.isEmpty()) {
            return Optional.empty(); // a date
        }
        return Optional.of(new Version(
                numbers, pre, Optional.ofNullable(matcher.group("build")).orElse("")));
    }

    /**
     * The version that a tag of a repository with several things names: behind the last {@code /}, an {@code @} or
     * {@code -v} ({@code shop/v1.2}, {@code shop@1.2}, {@code shop-v1.2}).
     */
    public static Optional<Version> ofTag(String tag) {
        var own = tag.substring(tag.lastIndexOf('/') + 1);
        return parse(own)
                .or(() -> own.lastIndexOf('@') < 0 ? Optional.empty() : parse(own.substring(own.lastIndexOf('@') + 1)))
                .or(() -> own.indexOf("-v") < 0 ? Optional.empty() : parse(own.substring(own.indexOf("-v") + 1)));
    }

    /** One of its numbers, 0 where it was not written. */
    BigInteger number(int index) {
        return index < numbers.size() ? numbers.get(index) : BigInteger.ZERO;
    }

    public boolean isPreRelease() {
        return !preRelease.isEmpty();
    }

    /** Whether all three numbers are the same. */
    boolean hasNumbersOf(Version other) {
        return compareNumbers(other) == 0;
    }

    private int compareNumbers(Version other) {
        for (var i = 0; i < PARTS; i++) {
            var compared = number(i).compareTo(other.number(i));
            if (compared != 0) {
                return compared;
            }
        }
        return 0;
    }

    /** By precedence: two that differ behind the {@code +} only, or in zeros that were not written, are equal here. */
    @Override
    public int compareTo(Version other) {
        var numbersCompared = compareNumbers(other);
        if (numbersCompared != 0) {
            return numbersCompared;
        }
        if (preRelease.isEmpty() || other.preRelease.isEmpty()) {
            return Boolean.compare(preRelease.isEmpty(), other.preRelease.isEmpty());
        }
        for (var i = 0; i < Math.min(preRelease.size(), other.preRelease.size()); i++) {
            var compared = compareIdentifiers(preRelease.get(i), other.preRelease.get(i));
            if (compared != 0) {
                return compared;
            }
        }
        return Integer.compare(preRelease.size(), other.preRelease.size());
    }

    private static int compareIdentifiers(String a, String b) {
        var aNumber = isNumber(a);
        var bNumber = isNumber(b);
        if (aNumber && bNumber) {
            return new BigInteger(a).compareTo(new BigInteger(b));
        }
        return aNumber != bNumber ? Boolean.compare(bNumber, aNumber) : a.compareTo(b);
    }

    private static boolean isNumber(String identifier) {
        return identifier.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** As it was written, without the {@code v}. */
    @Override
    public String toString() {
        return String.join(".", numbers.stream().map(BigInteger::toString).toList())
                + (preRelease.isEmpty() ? "" : "-" + String.join(".", preRelease))
                + (build.isEmpty() ? "" : "+" + build);
    }
}
