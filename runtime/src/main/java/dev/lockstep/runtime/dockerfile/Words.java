package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Variables, quotes and escapes in the words of a Dockerfile. A result is never expanded again, and one word stays one
 * word except where {@link #split} is asked for.
 *
 * <p>Bounds, since both the text and the values are a stranger's: a result has {@link #LONGEST} characters at most,
 * {@code ${…}} stands in each other {@link #DEEPEST} times at most, and all patterns of one expansion together take a
 * bounded number of steps.
 */
public final class Words {
    /** An environment string of Linux has 128 KiB at most (MAX_ARG_STRLEN), so a longer value could not be run with. */
    public static final int LONGEST = 128 * 1024;

    /** Of a here-document, which is a file and no variable. */
    public static final int LONGEST_BODY = 16 * 1024 * 1024;

    /** How often {@code ${a:-${b:-…}}} goes down. */
    public static final int DEEPEST = 64;

    /**
     * What came out.
     *
     * @param unset the variables that were asked for a value and have none, in order; not those with a default of their
     *     own
     */
    public record Expansion(List<String> words, Set<String> unset) {
        public Expansion {
            words = List.copyOf(words);
        }

        /** The one word; empty text if nothing is left. */
        public String word() {
            return String.join("", words);
        }
    }

    private enum Quotes {
        READ,
        /** Quotes are letters as others: in bodies of here-documents. */
        LITERAL
    }

    private final char escape;

    /** @param escape of the file: {@code \} or {@code `} */
    public Words(char escape) {
        this.escape = escape;
    }

    /**
     * One word.
     *
     * @param variables their values; empty for what is not set
     * @throws SubstitutionException if the text cannot be read, a {@code ${v:?m}} says no, or a bound is reached
     */
    public Expansion word(String text, Function<String, Optional<String>> variables) {
        var run = new Run(text, variables, Quotes.READ, LONGEST);
        return new Expansion(List.of(run.toEnd()), run.unset);
    }

    /**
     * As {@link #word}, but blanks outside quotes end a word, those in values too ({@code EXPOSE}).
     *
     * @throws SubstitutionException as {@link #word}
     */
    public Expansion split(String text, Function<String, Optional<String>> variables) {
        var run = new Run(text, variables, Quotes.READ, LONGEST);
        run.toEnd();
        return new Expansion(run.splitter.finish(), run.unset);
    }

    /**
     * The body of a here-document for {@code COPY} and {@code ADD}: quotes stay. The escape character is always
     * {@code \} there.
     *
     * @throws SubstitutionException as {@link #word}
     */
    public static Expansion body(String text, Function<String, Optional<String>> variables) {
        var run = new Words('\\').new Run(text, variables, Quotes.LITERAL, LONGEST_BODY);
        return new Expansion(List.of(run.toEnd()), run.unset);
    }

    /** Collects words: quoted and escaped characters never end one. */
    private static final class Splitter {
        private final List<String> words = new ArrayList<>();
        private final StringBuilder word = new StringBuilder();
        private boolean inWord;

        void plain(char c) {
            if (isBlank(c)) {
                end();
            } else {
                quoted(c);
            }
        }

        void plain(String text) {
            text.chars().forEach(c -> plain((char) c));
        }

        void quoted(char c) {
            inWord = true;
            word.append(c);
        }

        void quoted(String text) {
            inWord = true;
            word.append(text);
        }

        void end() {
            if (inWord) {
                words.add(word.toString());
                word.setLength(0);
                inWord = false;
            }
        }

        List<String> finish() {
            end();
            return words;
        }
    }

    static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\u000b' || c == '\f';
    }

    /** One pass over one text. */
    private final class Run {
        private final String text;
        private final Function<String, Optional<String>> variables;
        private final Quotes quotes;
        private final int longest;
        private final Set<String> unset = new LinkedHashSet<>();
        private final Splitter splitter = new Splitter();
        private final Glob.Steps steps = new Glob.Steps();
        private int at;
        private int depth;

        Run(String text, Function<String, Optional<String>> variables, Quotes quotes, int longest) {
            this.text = text;
            this.variables = variables;
            this.quotes = quotes;
            this.longest = longest;
        }

        String toEnd() {
            var result = new StringBuilder();
            while (at < text.length()) {
                step(result, false);
            }
            return result.toString();
        }

        /**
         * Up to a character, which is taken too. Blanks inside belong to the value, so the splitter of the whole does
         * not see them here.
         *
         * @param keepEscapes for patterns, which have escapes of their own
         */
        private String upTo(char stop, boolean keepEscapes, String missing) {
            if (++depth > DEEPEST) {
                throw failed("substitutions stand in each other more than " + DEEPEST + " times");
            }
            var result = new StringBuilder();
            while (at < text.length() && text.charAt(at) != stop) {
                step(result, keepEscapes);
            }
            if (at == text.length()) {
                throw failed(missing);
            }
            at++;
            depth--;
            return result.toString();
        }

        private void step(StringBuilder result, boolean keepEscapes) {
            var c = text.charAt(at);
            var top = depth == 0;
            if (c == '$') {
                var value = dollar();
                add(result, value);
                if (top) {
                    splitter.plain(value);
                }
            } else if (c == '\'' && quotes == Quotes.READ) {
                quoted(result, single(), top);
            } else if (c == '"' && quotes == Quotes.READ) {
                quoted(result, twice(), top);
            } else if (c == escape) {
                at++;
                if (keepEscapes) {
                    result.append(c);
                }
                if (at < text.length()) {
                    quoted(result, text.substring(at, ++at), top);
                }
            } else {
                at++;
                result.append(c);
                if (top) {
                    splitter.plain(c);
                }
            }
        }

        private void quoted(StringBuilder result, String value, boolean top) {
            add(result, value);
            if (top) {
                splitter.quoted(value);
            }
        }

        private void add(StringBuilder result, String value) {
            if (result.length() + (long) value.length() > longest) {
                throw failed("a value grows to more than " + longest + " characters");
            }
            result.append(value);
        }

        private String single() {
            var end = text.indexOf('\'', at + 1);
            if (end < 0) {
                throw failed("unexpected end of statement while looking for matching single-quote");
            }
            var value = text.substring(at + 1, end);
            at = end + 1;
            return value;
        }

        private String twice() {
            var begin = at++;
            var result = new StringBuilder();
            while (at < text.length() && text.charAt(at) != '"') {
                var c = text.charAt(at);
                if (c == '$') {
                    add(result, dollar());
                } else {
                    at++;
                    if (c == escape && at < text.length() && isEscapable(text.charAt(at))) {
                        c = text.charAt(at++);
                    } else if (c == escape && at == text.length()) {
                        break;
                    }
                    result.append(c);
                }
            }
            if (at == text.length()) {
                at = begin;
                throw failed("unexpected end of statement while looking for matching double-quote");
            }
            at++;
            return result.toString();
        }

        private boolean isEscapable(char c) {
            return c == '"' || c == '$' || c == escape;
        }

        private String dollar() {
            at++;
            if (at == text.length()) {
                return "$";
            }
            if (text.charAt(at) != '{') {
                var name = name();
                return name.isEmpty() ? "$" : plain(name);
            }
            at++;
            if (at == text.length()) {
                throw failed("syntax error: missing '}'");
            }
            if ("{}:".indexOf(text.charAt(at)) >= 0) {
                throw failed("syntax error: bad substitution");
            }
            var name = name();
            if (at == text.length()) {
                throw failed("syntax error: missing '}'");
            }
            return braced(name, text.charAt(at++));
        }

        private String plain(String name) {
            var value = variables.apply(name);
            if (value.isEmpty()) {
                unset.add(name);
            }
            return value.orElse("");
        }

        private String braced(String name, char operator) {
            return switch (operator) {
                case '}' -> plain(name);
                case ':' -> {
                    if (at == text.length()) {
                        throw failed("syntax error: missing '}'");
                    }
                    yield conditional(name, text.charAt(at++), true);
                }
                case '#', '%' -> trimmed(name, operator);
                case '/' -> replaced(name);
                default -> conditional(name, operator, false);
            };
        }

        private String conditional(String name, char operator, boolean emptyIsUnset) {
            if ("-+?".indexOf(operator) < 0) {
                throw failed("unsupported modifier (" + (emptyIsUnset ? ":" : "") + operator + ") in substitution");
            }
            var word = upTo('}', false, "syntax error: missing '}'");
            var value = variables.apply(name).filter(v -> !emptyIsUnset || !v.isEmpty());
            return switch (operator) {
                case '-' -> value.orElse(word);
                case '+' -> value.isPresent() ? word : "";
                default ->
                    value.orElseThrow(() -> failed(name + ": "
                            + (word.isEmpty()
                                    ? "is not allowed to be "
                                            + (variables.apply(name).isPresent() ? "empty" : "unset")
                                    : word)));
            };
        }

        private String trimmed(String name, char operator) {
            var longestMatch = at < text.length() && text.charAt(at) == operator;
            if (longestMatch) {
                at++;
            }
            var pattern = glob(upTo('}', true, "syntax error: missing '}'"));
            var value = plain(name);
            try {
                return operator == '#'
                        ? pattern.withoutPrefix(value, longestMatch, steps)
                        : pattern.withoutSuffix(value, longestMatch, steps);
            } catch (Glob.TooMuchException e) {
                throw tooMuch(e);
            }
        }

        private String replaced(String name) {
            var all = at < text.length() && text.charAt(at) == '/';
            if (all) {
                at++;
            }
            var pattern = glob(upTo('/', true, "syntax error: missing '/' in ${}"));
            // Escapes stay in what is put in, as BuildKit leaves them.
            var replacement = upTo('}', true, "syntax error: missing '}'");
            var value = plain(name);
            try {
                return pattern.replace(value, replacement, all, longest, steps);
            } catch (Glob.TooMuchException e) {
                throw tooMuch(e);
            }
        }

        private Glob glob(String pattern) {
            try {
                return Glob.parse(pattern, escape);
            } catch (IllegalArgumentException e) {
                throw failed("invalid pattern (" + pattern + ") in substitution: " + e.getMessage());
            }
        }

        private SubstitutionException tooMuch(Glob.TooMuchException e) {
            return failed("a pattern takes too long on its value: " + e.getMessage());
        }

        /** Letters, digits and underscores; a number; or one of the shell's special characters. */
        private String name() {
            var begin = at;
            if (at < text.length() && "@*#?-$!".indexOf(text.charAt(at)) >= 0) {
                return text.substring(begin, ++at);
            }
            var number = at < text.length() && Character.isDigit(text.codePointAt(at));
            while (at < text.length()) {
                var c = text.codePointAt(at);
                if (number ? !Character.isDigit(c) : !Character.isLetterOrDigit(c) && c != '_') {
                    break;
                }
                at += Character.charCount(c);
            }
            return text.substring(begin, at);
        }

        private SubstitutionException failed(String why) {
            return new SubstitutionException(why, text, at);
        }
    }
}
