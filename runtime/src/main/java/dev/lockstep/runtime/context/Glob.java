package dev.lockstep.runtime.context;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A pattern, taken apart: characters, {@code ?}, {@code [a-z]}, {@code [^x]}, {@code *}, escapes by {@code \}, as Go's
 * {@code path/filepath.Match} reads them (pkg.go.dev/path/filepath). Matching goes over all positions at once and takes
 * time by the product of the lengths: there is no pattern that takes for ever.
 *
 * <p>Texts have one character per byte; {@code ?} and classes match a character of UTF-8, or one byte that is none.
 */
final class Glob {
    /** A part of a pattern. */
    sealed interface Token permits Exactly, One, Set, Run, Directories, Everything {}

    /** Exactly this byte. */
    record Exactly(char value) implements Token {}

    /** {@code ?}: one character, no slash. */
    record One() implements Token {}

    /** {@code [...]}. Also matches a slash that it holds, or does not deny. */
    record Set(boolean negated, List<Range> ranges) implements Token {
        boolean has(int character) {
            return negated != ranges.stream().anyMatch(range -> range.low() <= character && character <= range.high());
        }
    }

    /** Of code points, both ends in it. */
    record Range(int low, int high) {}

    /** {@code *}: any number of bytes, no slash. */
    record Run() implements Token {}

    /** {@code **} before something: any number of whole components, also none. */
    record Directories() implements Token {}

    /** {@code **} at the end. */
    record Everything() implements Token {}

    private final List<Token> tokens;

    Glob(List<Token> tokens) {
        this.tokens = List.copyOf(tokens);
    }

    /** A pattern without {@code **}: two stars are as one. */
    static Glob of(String latin1) throws ContextException {
        var tokens = new ArrayList<Token>();
        for (var scan = new Scan(latin1); scan.more(); ) {
            tokens.add(scan.peek() == '*' ? scan.run() : scan.token());
        }
        return new Glob(tokens);
    }

    /** Whether something in it stands for other than itself. */
    static boolean isPattern(String text) {
        for (var i = 0; i < text.length(); i++) {
            switch (text.charAt(i)) {
                case '*', '?', '[' -> {
                    return true;
                }
                case '\\' -> i++;
                default -> {}
            }
        }
        return false;
    }

    /** Reads a pattern from its beginning. */
    static final class Scan {
        private final String text;
        private int at;

        Scan(String text) {
            this.text = text;
        }

        boolean more() {
            return at < text.length();
        }

        int position() {
            return at;
        }

        /** The next character, NUL at the end. */
        char peek() {
            return more() ? text.charAt(at) : '\0';
        }

        void skip() {
            at++;
        }

        private Token run() {
            at++;
            return new Run();
        }

        /** A token that begins with no star. */
        Token token() throws ContextException {
            var c = text.charAt(at++);
            return switch (c) {
                case '?' -> new One();
                case '[' -> set();
                case '\\' -> {
                    if (!more()) {
                        throw damaged();
                    }
                    yield new Exactly(text.charAt(at++));
                }
                default -> new Exactly(c);
            };
        }

        private Token set() throws ContextException {
            var negated = peek() == '^' && more();
            if (negated) {
                at++;
            }
            var ranges = new ArrayList<Range>();
            while (!(peek() == ']' && !ranges.isEmpty())) {
                var low = member();
                var high = low;
                if (peek() == '-') {
                    at++;
                    high = member();
                }
                ranges.add(new Range(low, high));
            }
            at++;
            return new Set(negated, List.copyOf(ranges));
        }

        private int member() throws ContextException {
            if (!more() || peek() == '-' || peek() == ']') {
                throw damaged();
            }
            if (peek() == '\\') {
                at++;
                if (!more()) {
                    throw damaged();
                }
            }
            var character = Utf8.at(text, at);
            at += Utf8.width(text, at);
            if (!more()) {
                throw damaged();
            }
            return character;
        }

        private ContextException damaged() {
            return new ContextException("syntax error in pattern \""
                    + new String(text.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8) + "\"");
        }
    }

    /** Whether all of {@code text} is what the pattern says. */
    boolean matches(String text) {
        var length = text.length();
        // Where in the text the tokens so far can end.
        var ends = new boolean[length + 1];
        ends[0] = true;
        for (var token : tokens) {
            var next = new boolean[length + 1];
            if (!step(token, text, ends, next)) {
                return false;
            }
            ends = next;
        }
        return ends[length];
    }

    /** Whether there is any end. */
    private static boolean step(Token token, String text, boolean[] ends, boolean[] next) {
        var any = false;
        var open = false;
        for (var i = 0; i <= text.length(); i++) {
            var end = ends[i];
            switch (token) {
                case Exactly literal -> {
                    if (end && i < text.length() && text.charAt(i) == literal.value()) {
                        next[i + 1] = true;
                        any = true;
                    }
                }
                case One _ -> {
                    if (end && i < text.length() && text.charAt(i) != '/') {
                        next[i + Utf8.width(text, i)] = true;
                        any = true;
                    }
                }
                case Set set -> {
                    if (end && i < text.length() && set.has(Utf8.at(text, i))) {
                        next[i + Utf8.width(text, i)] = true;
                        any = true;
                    }
                }
                case Run _ -> {
                    open = end || open && text.charAt(i - 1) != '/';
                    next[i] = open;
                    any |= open;
                }
                case Directories _ -> {
                    next[i] = end || open && text.charAt(i - 1) == '/';
                    any |= next[i];
                    open |= end;
                }
                case Everything _ -> {
                    open |= end;
                    next[i] = open;
                    any |= open;
                }
            }
        }
        return any;
    }
}
