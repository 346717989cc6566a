package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A pattern of {@code ${v#p}}, {@code ${v%p}} and {@code ${v/p/r}}: {@code *} and {@code ?}, and a backslash before one
 * of them. Matched by sets of positions and not by a regular expression, so that no pattern takes exponential time.
 */
final class Glob {
    private static final int ANY = -1;
    private static final int MANY = -2;

    /** How much all patterns of one expansion may do together. */
    static final class Steps {
        private long left = 20_000_000;

        private void take(long steps) throws TooMuchException {
            left -= steps;
            if (left < 0) {
                throw new TooMuchException("value and pattern are long");
            }
        }
    }

    /** A bound was reached. */
    static final class TooMuchException extends Exception {
        private static final long serialVersionUID = 1;

        TooMuchException(String message) {
            super(message);
        }
    }

    private final List<Integer> tokens;

    private Glob(List<Integer> tokens) {
        this.tokens = tokens;
    }

    /** @throws IllegalArgumentException if an escape stands before another character */
    static Glob parse(String pattern, char escape) {
        var tokens = new ArrayList<Integer>();
        for (var i = 0; i < pattern.length(); i++) {
            var c = pattern.charAt(i);
            if (c == escape) {
                i++;
                var next = i < pattern.length() ? pattern.charAt(i) : '\0';
                if (i == pattern.length() || ("*?/}".indexOf(next) < 0 && next != escape)) {
                    throw new IllegalArgumentException(
                            "invalid escape '" + escape + (i < pattern.length() ? next : "") + "'");
                }
                tokens.add((int) next);
            } else if (c == '*') {
                // Two in a row mean what one means.
                if (tokens.isEmpty() || tokens.getLast() != MANY) {
                    tokens.add(MANY);
                }
            } else {
                tokens.add(c == '?' ? ANY : (int) c);
            }
        }
        return new Glob(tokens);
    }

    String withoutPrefix(String value, boolean longest, Steps steps) throws TooMuchException {
        var length = match(value, 0, longest, steps);
        return length < 0 ? value : value.substring(length);
    }

    String withoutSuffix(String value, boolean longest, Steps steps) throws TooMuchException {
        var turned = new StringBuilder(value).reverse().toString();
        var length = new Glob(tokens.reversed()).match(turned, 0, longest, steps);
        return length < 0 ? value : value.substring(0, value.length() - length);
    }

    String replace(String value, String replacement, boolean all, int longest, Steps steps) throws TooMuchException {
        var result = new StringBuilder();
        var at = 0;
        while (at <= value.length()) {
            var length = match(value, at, true, steps);
            if (length >= 0) {
                result.append(replacement);
                if (result.length() > longest) {
                    throw new TooMuchException("the result has more than " + longest + " characters");
                }
                if (!all) {
                    return result.append(value, at + length, value.length()).toString();
                }
            }
            // Where nothing is matched, or an empty text, the next character goes along.
            if (length > 0) {
                at += length;
                if (at == value.length()) {
                    break;
                }
            } else {
                if (at < value.length()) {
                    result.append(value.charAt(at));
                }
                at++;
            }
        }
        return result.toString();
    }

    /** How many characters from there on match, or -1. */
    private int match(String value, int from, boolean longest, Steps steps) throws TooMuchException {
        var found = -1;
        var states = new BitSet(tokens.size() + 1);
        enter(states, 0);
        for (var i = from; ; i++) {
            if (states.get(tokens.size())) {
                found = i - from;
                if (!longest) {
                    return found;
                }
            }
            if (i == value.length() || states.isEmpty()) {
                return found;
            }
            steps.take(states.cardinality() + tokens.size() / 64 + 1L);
            var next = new BitSet(tokens.size() + 1);
            for (var s = states.nextSetBit(0); s >= 0 && s < tokens.size(); s = states.nextSetBit(s + 1)) {
                var token = (int) tokens.get(s);
                if (token == MANY) {
                    next.set(s);
                    enter(next, s + 1);
                } else if (token == ANY || token == value.charAt(i)) {
                    enter(next, s + 1);
                }
            }
            states = next;
        }
    }

    /** A star may match nothing. */
    private void enter(BitSet states, int state) {
        states.set(state);
        if (state < tokens.size() && tokens.get(state) == MANY) {
            states.set(state + 1);
        }
    }
}
