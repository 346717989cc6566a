package dev.lockstep.spec.settings;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A set of versions: {@code >=1.2 <2}, {@code ^1.4}, {@code ~1.4.2}, {@code =1.0.0}, with {@code ||} between
 * alternatives. A pre-release is in it only where a bound of the same numbers names a pre-release, as npm has it:
 * {@code >=2.0.0-rc.1 <3} takes {@code 2.0.0-rc.2} and not {@code 2.1.0-rc.1}.
 */
public final class VersionRange {
    private static final Pattern BOUND = Pattern.compile("(>=|<=|>|<|=|!=|\\^|~)?\\s*([^\\s,<>=^~!|]+)");
    private static final Pattern BETWEEN = Pattern.compile("[\\s,]*");

    private final String text;
    private final List<List<Bound>> alternatives;

    private record Bound(String operator, Version version) {
        boolean takes(Version candidate) {
            var compared = candidate.compareTo(version);
            return switch (operator) {
                case ">=" -> compared >= 0;
                case "<=" -> compared <= 0;
                case ">" -> compared > 0;
                case "<" -> compared < 0;
                case "!=" -> compared != 0;
                default -> compared == 0;
            };
        }
    }

    private VersionRange(String text, List<List<Bound>> alternatives) {
        this.text = text;
        this.alternatives = List.copyOf(alternatives);
    }

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static VersionRange parse(String text) {
        var alternatives = new ArrayList<List<Bound>>();
        for (var alternative : text.split("\\|\\|", -1)) {
            alternatives.add(bounds(alternative, text));
        }
        return new VersionRange(text, alternatives);
    }

    private static List<Bound> bounds(String alternative, String whole) {
        var bounds = new ArrayList<Bound>();
        var matcher = BOUND.matcher(alternative);
        var at = skip(alternative, 0);
        while (at < alternative.length()) {
            if (!matcher.find(at) || matcher.start() != at) {
                throw notOne(whole, alternative.substring(at));
            }
            var version = Version.parse(matcher.group(2)).orElseThrow(() -> notOne(whole, matcher.group(2)));
            var operator = matcher.group(1);
            bounds.addAll(bounds(operator == null ? "=" : operator, version));
            at = skip(alternative, matcher.end());
        }
        if (bounds.isEmpty()) {
            throw notOne(whole, alternative);
        }
        return List.copyOf(bounds);
    }

    private static int skip(String text, int from) {
        var matcher = BETWEEN.matcher(text).region(from, text.length());
        return matcher.lookingAt() ? matcher.end() : from;
    }

    /** {@code ^} and {@code ~} are two bounds: up to the next number that may change things. */
    private static List<Bound> bounds(String operator, Version version) {
        return switch (operator) {
            case "^" -> List.of(new Bound(">=", version), new Bound("<", next(version, firstThatCounts(version))));
            case "~" ->
                List.of(
                        new Bound(">=", version),
                        new Bound(
                                "<", next(version, Math.min(1, version.numbers().size() - 1))));
            default -> List.of(new Bound(operator, version));
        };
    }

    private static int firstThatCounts(Version version) {
        for (var i = 0; i < version.numbers().size(); i++) {
            if (version.number(i).signum() > 0) {
                return i;
            }
        }
        return version.numbers().size() - 1;
    }

    private static Version next(Version version, int index) {
        var numbers = new ArrayList<BigInteger>();
        for (var i = 0; i <= index; i++) {
            numbers.add(i < index ? version.number(i) : version.number(i).add(BigInteger.ONE));
        }
        return new Version(numbers, List.of(), "");
    }

    private static IllegalArgumentException notOne(String whole, String part) {
        return new IllegalArgumentException("\"" + whole + "\" is not a range of versions"
                + (part.isBlank() || part.equals(whole) ? "" : ": \"" + part.strip() + "\" is no version")
                + ". Write for example >=1.2 <2, or ^1.4");
    }

    /** Whether a version is in it. */
    public boolean takes(Version version) {
        return alternatives.stream()
                .anyMatch(bounds -> bounds.stream().allMatch(bound -> bound.takes(version))
                        && (!version.isPreRelease()
                                || bounds.stream()
                                        .map(Bound::version)
                                        .anyMatch(bound -> bound.isPreRelease() && bound.hasNumbersOf(version))));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof VersionRange range && range.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
