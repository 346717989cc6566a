package dev.lockstep.spec.load;

import dev.lockstep.spec.interpolate.Interpolation;
import dev.lockstep.spec.load.Variables.Value;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntPredicate;

/**
 * Reads {@code .env} and {@code env_file} files in the syntax that docker compose reads: shell-like assignments, quotes
 * over several lines, variables in unquoted and double-quoted values.
 */
final class Dotenv {
    /** The longest value: as much as the kernel takes for one string of a program's environment, eight times over. */
    private static final int LONGEST = 1 << 20;

    /** All values of a file together: variables can double each other on every line. */
    private static final int MOST = 16 << 20;

    private final String file;
    private final String text;
    private final Function<String, Optional<String>> outside;
    private final Map<String, Value> before;
    private final Problems problems;
    private final Map<String, Value> values = new LinkedHashMap<>();

    private int left = MOST;
    private int next;
    private int line = 1;
    private int lineStart;

    private Dotenv(
            String file,
            String text,
            Function<String, Optional<String>> outside,
            Map<String, Value> before,
            Problems problems) {
        this.file = file;
        this.text = text;
        this.outside = outside;
        this.before = before;
        this.problems = problems;
    }

    /**
     * The assignments of a file, in order; the last of a name counts. A name alone takes its value from outside and is
     * left out if there is none.
     *
     * @param outside what variables mean outside of env files; wins over the files' own
     * @param before what earlier files set
     */
    static Map<String, Value> parse(
            String file,
            String text,
            Function<String, Optional<String>> outside,
            Map<String, Value> before,
            Problems problems) {
        var dotenv = new Dotenv(file, normalized(text), outside, before, problems);
        dotenv.statements();
        return dotenv.values;
    }

    /** The same for {@code format: raw}: every line {@code KEY=VALUE} as it stands. */
    static Map<String, Value> parseRaw(
            String file, String text, Function<String, Optional<String>> outside, Problems problems) {
        var values = new LinkedHashMap<String, Value>();
        var lines = normalized(text).split("\n", -1);
        for (var i = 0; i < lines.length; i++) {
            var content = lines[i].stripLeading();
            if (content.isEmpty() || content.startsWith("#")) {
                continue;
            }
            var at = new SourcePosition(file, i + 1, lines[i].length() - content.length() + 1);
            var equals = content.indexOf('=');
            var key = equals < 0 ? content : content.substring(0, equals);
            if (key.isEmpty() || key.chars().anyMatch(Character::isWhitespace)) {
                problems.error(at, "", "key cannot contain a space");
            } else if (equals >= 0) {
                values.put(key, new Value(content.substring(equals + 1), at));
            } else {
                outside.apply(key).ifPresent(value -> values.put(key, new Value(value, at)));
            }
        }
        return values;
    }

    private static String normalized(String text) {
        var start = text.startsWith("\uFEFF") ? 1 : 0;
        return text.substring(start).replace("\r\n", "\n");
    }

    private void statements() {
        while (true) {
            skipWhile(c -> Character.isWhitespace(c));
            if (next >= text.length()) {
                return;
            }
            if (text.charAt(next) == '#') {
                skipLine();
            } else if (!statement()) {
                skipLine();
            }
        }
    }

    /** False if the rest of the line makes no sense. */
    private boolean statement() {
        skipExport();
        var at = new SourcePosition(file, line, next - lineStart + 1);
        var start = next;
        while (next < text.length() && "=:\n".indexOf(text.charAt(next)) < 0) {
            var c = text.codePointAt(next);
            if (!isBlank(c) && !Character.isLetterOrDigit(c) && "_.-[]".indexOf(c) < 0) {
                problems.error(
                        at,
                        "",
                        // Not the line: what follows may be the rest of a secret.
                        "unexpected character \"" + Character.toString(c) + "\" in a variable name");
                return false;
            }
            next += Character.charCount(c);
        }
        var key = text.substring(start, next).stripTrailing();
        if (key.isEmpty()) {
            problems.error(
                    at,
                    "",
                    "a variable name is missing before "
                            + (next < text.length() && text.charAt(next) != '\n'
                                    ? "\"" + text.charAt(next) + "\""
                                    : "the end of the line"));
            return false;
        }
        if (key.chars().anyMatch(Character::isWhitespace)) {
            problems.error(at, "", "key cannot contain a space");
            return false;
        }
        if (next >= text.length() || text.charAt(next) == '\n') {
            outside.apply(key).ifPresent(value -> values.put(key, new Value(value, at)));
            return true;
        }
        next++;
        skipWhile(Dotenv::isBlank);
        var value = value(at);
        if (value.isPresent() && value.get().indexOf('\0') >= 0) {
            problems.error(at, "", "the value has the character U+0000, which no variable can have");
        }
        value.ifPresent(v -> values.put(key, new Value(v, at)));
        return value.isPresent();
    }

    private void skipExport() {
        if (text.startsWith("export", next) && next + 6 < text.length() && isBlank(text.charAt(next + 6))) {
            next += 6;
            skipWhile(Dotenv::isBlank);
        }
    }

    private Optional<String> value(SourcePosition at) {
        var quote = next < text.length() ? text.charAt(next) : '\n';
        if (quote != '"' && quote != '\'') {
            var value = restOfLine(next);
            next += value.length();
            var comment = value.indexOf(" #");
            return expand((comment < 0 ? value : value.substring(0, comment)).stripTrailing(), at);
        }
        var startLine = line;
        var out = new StringBuilder();
        for (next++; next < text.length(); next++) {
            var c = text.charAt(next);
            if (c == quote) {
                next++;
                return quote == '"' ? expand(decodeEscapes(out), at) : Optional.of(out.toString());
            }
            if (c == '\n') {
                newLine();
            }
            out.append(c);
            if (c == '\\' && next + 1 < text.length()) {
                var escaped = text.charAt(++next);
                if (escaped == '\n') {
                    newLine();
                }
                if (escaped == quote) {
                    out.setLength(out.length() - 1);
                }
                out.append(escaped);
            }
        }
        problems.error(new SourcePosition(file, startLine, at.column()), "", "unterminated quoted value");
        return Optional.empty();
    }

    /** The escapes of a double-quoted value; {@code \$} becomes the {@code $$} that stands for a dollar sign. */
    private static String decodeEscapes(CharSequence raw) {
        var out = new StringBuilder(raw.length());
        for (var i = 0; i < raw.length(); i++) {
            var c = raw.charAt(i);
            if (c != '\\' || i + 1 == raw.length()) {
                out.append(c);
                continue;
            }
            var escaped = raw.charAt(++i);
            switch (escaped) {
                case 'a' -> out.append('\u0007');
                case 'b' -> out.append('\b');
                case 'c' -> {}
                case 'f' -> out.append('\f');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'v' -> out.append('\u000b');
                case '\\' -> out.append('\\');
                case '$' -> out.append("$$");
                case '0' -> {
                    var end = i + 1;
                    while (end < raw.length() && end <= i + 3 && raw.charAt(end) >= '0' && raw.charAt(end) <= '7') {
                        end++;
                    }
                    out.append((char) Integer.parseInt(raw.subSequence(i, end).toString(), 8));
                    i = end - 1;
                }
                default -> out.append('\\').append(escaped);
            }
        }
        return out.toString();
    }

    private Optional<String> expand(String value, SourcePosition at) {
        var result = Interpolation.interpolate(value, this::lookUp, Math.min(left, LONGEST));
        if (result instanceof Interpolation.Result.Failed failed) {
            problems.error(at, "", failed.message());
            // The value was read to its end, so that the next line can be read as well.
            return Optional.of("");
        }
        var expanded = (Interpolation.Result.Text) result;
        expanded.unset().forEach(u -> problems.warning(at, "", u.message()));
        left -= expanded.value().length();
        return Optional.of(expanded.value());
    }

    private Optional<String> lookUp(String name) {
        return outside.apply(name)
                .or(() -> Optional.ofNullable(values.get(name)).map(Value::text))
                .or(() -> Optional.ofNullable(before.get(name)).map(Value::text));
    }

    private static boolean isBlank(int c) {
        return c != '\n' && Character.isWhitespace(c);
    }

    private void skipWhile(IntPredicate wanted) {
        while (next < text.length() && wanted.test(text.charAt(next))) {
            if (text.charAt(next) == '\n') {
                newLine();
            }
            next++;
        }
    }

    private void skipLine() {
        skipWhile(c -> c != '\n');
    }

    private void newLine() {
        line++;
        lineStart = next + 1;
    }

    private String restOfLine(int from) {
        var end = text.indexOf('\n', from);
        return text.substring(from, end < 0 ? text.length() : end);
    }
}
