package dev.lockstep.spec.canonical;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Writes YAML in block style. Text stands plain only where every YAML reader takes it for text, in quotes otherwise;
 * several lines stand in a literal block where that keeps them as they are.
 */
final class YamlWriter {
    private static final String INNER = "[A-Za-z0-9_./@$()+,;=~*^%!?-]";

    /** Words, paths, image references, durations and addresses; nothing that YAML gives a meaning. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z/_$]" + INNER + "*(?: " + INNER + "+)*"
            + "|[A-Za-z/_$][A-Za-z0-9_./@$-]*(?::[A-Za-z0-9_./@$-]+)+"
            + "|(?:[0-9.]+(?:h|m|s|ms|µs|ns))+"
            + "|[0-9]{1,3}(?:\\.[0-9]{1,3}){3}(?:/[0-9]+)?");

    /** Words that some version of YAML takes for something else than text. */
    private static final Pattern RESERVED = Pattern.compile("y|n|yes|no|on|off|true|false|null|~");

    private final StringBuilder out = new StringBuilder();

    private YamlWriter() {}

    static String write(Value value) {
        var writer = new YamlWriter();
        value.writeTo(writer.new Place(0, false));
        return writer.out.toString();
    }

    /** What follows {@code key:} or {@code -}, up to and with the end of the line. */
    private final class Place implements Value.Writer {
        private final int depth;
        private final boolean afterDash;

        /** @param afterDash a mapping's first key stands on the dash's own line */
        Place(int depth, boolean afterDash) {
            this.depth = depth;
            this.afterDash = afterDash;
        }

        @Override
        public void word(String word) {
            out.append(depth == 0 ? "" : " ").append(word).append('\n');
        }

        @Override
        public void text(String text) {
            if (isPlain(text)) {
                word(text);
            } else if (isBlock(text)) {
                out.append(text.endsWith("\n") ? " |\n" : " |-\n");
                var body = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
                for (var line : body.split("\n", -1)) {
                    if (!line.isEmpty()) {
                        out.repeat("  ", depth).append(line);
                    }
                    out.append('\n');
                }
            } else {
                word(quoted(text));
            }
        }

        @Override
        public void items(List<? extends Value> items) {
            if (items.isEmpty()) {
                word("[]");
                return;
            }
            startBlock();
            var below = new Place(depth + 1, true);
            for (var item : items) {
                out.repeat("  ", depth).append('-');
                item.writeTo(below);
            }
        }

        @Override
        public void fields(Map<String, Value> fields) {
            if (fields.isEmpty()) {
                word("{}");
                return;
            }
            var first = afterDash;
            if (first) {
                out.append(' ');
            } else {
                startBlock();
            }
            var below = new Place(depth + 1, false);
            for (var field : fields.entrySet()) {
                if (!first) {
                    out.repeat("  ", depth);
                }
                first = false;
                out.append(isPlain(field.getKey()) ? field.getKey() : quoted(field.getKey()))
                        .append(':');
                field.getValue().writeTo(below);
            }
        }

        private void startBlock() {
            if (depth > 0) {
                out.append('\n');
            }
        }
    }

    private static boolean isPlain(String text) {
        return text.length() < 1000
                && PLAIN.matcher(text).matches()
                && !RESERVED.matcher(text.toLowerCase(Locale.ROOT)).matches();
    }

    /** A literal block says its lines as they are; what begins with blanks or ends with empty lines needs more. */
    private static boolean isBlock(String text) {
        return text.contains("\n")
                && !text.startsWith(" ")
                && !text.startsWith("\n")
                && !text.endsWith("\n\n")
                && text.codePoints().allMatch(c -> c == '\n' || isPrintable(c))
                && text.lines().noneMatch(line -> line.endsWith(" "));
    }

    /** Neither a control character nor one that changes the direction or the line unseen. */
    private static boolean isPrintable(int c) {
        var hidden = (c >= 0x7f && c < 0xa0) || (c >= 0x2000 && c < 0x2070) || (c >= 0xd800 && c < 0xe000);
        return c >= 0x20 && !hidden && c != 0xfeff && c < 0x1_0000;
    }

    private static String quoted(String text) {
        var quoted = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (isPrintable(c)) {
                        quoted.appendCodePoint(c);
                    } else {
                        quoted.append(String.format(c < 0x1_0000 ? "\\u%04x" : "\\U%08x", c));
                    }
                }
            }
        });
        return quoted.append('"').toString();
    }
}
