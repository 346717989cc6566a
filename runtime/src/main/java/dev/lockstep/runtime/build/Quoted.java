package dev.lockstep.runtime.build;

import dev.lockstep.runtime.container.GoDuration;
import java.util.List;
import java.util.stream.Collectors;

/** Values as Go's {@code %q} and {@code %v} print them, which is what tools expect in an image's history. */
final class Quoted {
    private Quoted() {}

    /** A text in double quotes. */
    static String text(String value) {
        var quoted = new StringBuilder("\"");
        value.codePoints().forEach(c -> append(quoted, c));
        return quoted.append('"').toString();
    }

    /** Words in double quotes, with blanks between them. */
    static String words(List<String> words) {
        return words.stream().map(Quoted::text).collect(Collectors.joining(" ", "[", "]"));
    }

    /** Words as they are, with blanks between them. */
    static String plain(List<String> words) {
        return "[" + String.join(" ", words) + "]";
    }

    /** A health check: the pointer to a structure that it is there. */
    static String healthCheck(DeclaredHealthCheck check) {
        return "&{" + words(check.test()) + " " + text(GoDuration.of(check.interval())) + " "
                + text(GoDuration.of(check.timeout())) + " " + text(GoDuration.of(check.startPeriod())) + " "
                + text(GoDuration.of(check.startInterval())) + " " + character(check.retries()) + "}";
    }

    private static void append(StringBuilder quoted, int c) {
        switch (c) {
            case '"' -> quoted.append("\\\"");
            case '\\' -> quoted.append("\\\\");
            case '\n' -> quoted.append("\\n");
            case '\r' -> quoted.append("\\r");
            case '\t' -> quoted.append("\\t");
            case 7 -> quoted.append("\\a");
            case '\b' -> quoted.append("\\b");
            case '\f' -> quoted.append("\\f");
            case 11 -> quoted.append("\\v");
            default -> {
                if (c < ' ' || c == 0x7f) {
                    quoted.append(String.format("\\x%02x", c));
                } else if (Character.isISOControl(c)) {
                    quoted.append(String.format("\\u%04x", c));
                } else {
                    quoted.appendCodePoint(c);
                }
            }
        }
    }

    /** A number where a character is meant. */
    private static String character(int c) {
        if (c == '\'') {
            return "'\\''";
        }
        var text = new StringBuilder();
        if (c == '"') {
            text.append('"');
        } else {
            append(text, c);
        }
        return "'" + text + "'";
    }

    /** How the failure of a command is told. */
    static String process(List<String> arguments) {
        return "process " + text(String.join(" ", arguments)) + " did not complete successfully";
    }
}
