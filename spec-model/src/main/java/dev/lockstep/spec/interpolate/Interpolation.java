package dev.lockstep.spec.interpolate;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Replaces variables in text as the Compose Specification says: {@code $NAME}, {@code ${NAME}}, the operators
 * {@code :-}, {@code -}, {@code :?}, {@code ?}, {@code :+} and {@code +} whose operands may hold variables again, and
 * {@code $$} for a dollar sign. Values are not looked into a second time.
 */
public final class Interpolation {
    /** Deeper nesting has no use and would only exhaust the stack. */
    static final int DEEPEST = 100;

    private final Function<String, Optional<String>> variables;
    private final int longest;
    private final List<Unset> unset = new ArrayList<>();
    private final Set<String> used = new LinkedHashSet<>();

    private Interpolation(Function<String, Optional<String>> variables, int longest) {
        this.variables = variables;
        this.longest = longest;
    }

    /** What came of a text. */
    public sealed interface Result {
        /**
         * The text with its variables replaced.
         *
         * @param unset variables that nothing was known of
         * @param used names of the variables whose values stand in the text, in order
         */
        record Text(String value, List<Unset> unset, List<String> used) implements Result {
            public Text {
                unset = List.copyOf(unset);
                used = List.copyOf(used);
            }
        }

        /**
         * A variable that is required and missing, or a form that does not exist.
         *
         * @param offset index of its {@code $} in the text
         */
        record Failed(int offset, String message) implements Result {}
    }

    /** A variable that was replaced by nothing; {@code offset} is the index of its {@code $}. */
    public record Unset(String name, int offset) {
        /** For the user. */
        public String message() {
            return "The \"" + name + "\" variable is not set. Defaulting to a blank string.";
        }
    }

    /**
     * Replaces the variables of {@code text}.
     *
     * @param longest the result's greatest length in characters, against variables that double each other
     */
    public static Result interpolate(String text, Function<String, Optional<String>> variables, int longest) {
        if (text.indexOf('$') < 0) {
            return new Result.Text(text, List.of(), List.of());
        }
        var run = new Interpolation(variables, longest);
        try {
            var value = run.expand(text, 0, text.length(), 0);
            return new Result.Text(value, run.unset, List.copyOf(run.used));
        } catch (Refused e) {
            return new Result.Failed(e.offset, e.sentence);
        }
    }

    /** Leaves the recursion; never leaves this class. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        private final int offset;
        private final String sentence;

        Refused(int offset, String sentence) {
            super(sentence, null, false, false);
            this.offset = offset;
            this.sentence = sentence;
        }
    }

    private String expand(String text, int from, int to, int depth) throws Refused {
        if (depth > DEEPEST) {
            throw new Refused(from, "variables are nested more than " + DEEPEST + " deep");
        }
        var out = new StringBuilder(to - from);
        var i = from;
        while (i < to) {
            var c = text.charAt(i);
            var next = i + 1 < to ? text.charAt(i + 1) : ' ';
            if (c != '$') {
                out.append(c);
                i++;
            } else if (next == '$') {
                out.append('$');
                i += 2;
            } else if (next == '{') {
                var end = closingBrace(text, i + 1, to);
                out.append(braced(text, i, end, depth));
                i = end + 1;
            } else if (startsName(next)) {
                var end = endOfName(text, i + 1, to);
                out.append(plain(text.substring(i + 1, end), i));
                i = end;
            } else {
                out.append('$');
                i++;
            }
            if (out.length() > longest) {
                throw new Refused(from, "variables make this longer than " + longest + " characters");
            }
        }
        return out.toString();
    }

    private String plain(String name, int offset) {
        var value = variables.apply(name);
        if (value.isEmpty()) {
            unset.add(new Unset(name, offset));
            return "";
        }
        used.add(name);
        return value.get();
    }

    /** The form whose {@code $} is at {@code start} and whose brace closes at {@code end}. */
    private String braced(String text, int start, int end, int depth) throws Refused {
        var nameEnd = endOfName(text, start + 2, end);
        var name = text.substring(start + 2, nameEnd);
        if (name.isEmpty() || !startsName(name.charAt(0))) {
            throw invalid(text, start, end + 1);
        }
        if (nameEnd == end) {
            return plain(name, start);
        }
        var colon = text.charAt(nameEnd) == ':';
        var operatorAt = colon ? nameEnd + 1 : nameEnd;
        var operator = operatorAt < end ? text.charAt(operatorAt) : ' ';
        var operand = operatorAt + 1;
        var value = variables.apply(name);
        var usable = colon ? value.filter(v -> !v.isEmpty()) : value;
        return switch (operator) {
            case '-' -> {
                if (usable.isEmpty()) {
                    yield expand(text, operand, end, depth + 1);
                }
                used.add(name);
                yield usable.get();
            }
            case '+' -> usable.isPresent() ? expand(text, operand, end, depth + 1) : "";
            case '?' -> {
                if (usable.isPresent()) {
                    used.add(name);
                    yield usable.get();
                }
                var message = expand(text, operand, end, depth + 1);
                throw new Refused(
                        start,
                        "required variable " + name + " is missing a value"
                                + (message.isEmpty() ? "" : ": " + message));
            }
            default -> throw invalid(text, start, end + 1);
        };
    }

    private static int closingBrace(String text, int open, int to) throws Refused {
        var close = matchingBrace(text, open, to);
        if (close < 0) {
            throw invalid(text, open - 1, to);
        }
        return close;
    }

    /** Index of the brace that closes the one at {@code open}; −1 if there is none before {@code to}. */
    private static int matchingBrace(String text, int open, int to) {
        var depth = 0;
        for (var i = open; i < to; i++) {
            if (text.charAt(i) == '{') {
                depth++;
            } else if (text.charAt(i) == '}' && --depth == 0) {
                return i;
            }
        }
        return -1;
    }

    private static Refused invalid(String text, int from, int to) {
        var form = to - from > 60 ? text.substring(from, from + 60) + "…" : text.substring(from, to);
        return new Refused(
                from, "invalid interpolation format: " + form + ". You may need to escape any $ with another $");
    }

    static boolean startsName(char c) {
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    static int endOfName(String text, int from, int to) {
        var end = from;
        while (end < to && (startsName(text.charAt(end)) || isDigit(text.charAt(end)))) {
            end++;
        }
        return end;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
