package dev.lockstep.spec.canonical;

import java.util.Iterator;

/** Writes JSON with two spaces of indentation, as docker compose does. */
final class JsonWriter {
    private final StringBuilder out = new StringBuilder();

    private JsonWriter() {}

    static String write(Value value) {
        var writer = new JsonWriter();
        writer.value(value, 0);
        return writer.out.append('\n').toString();
    }

    private void value(Value value, int depth) {
        switch (value) {
            case Value.Null() -> out.append("null");
            case Value.Bool(var flag) -> out.append(flag);
            case Value.Decimal(var number) -> out.append(number.toPlainString());
            case Value.Text(var text) -> text(text.replace("$", "$$"));
            case Value.Verbatim(var text) -> text(text);
            case Value.Items(var items) -> {
                if (items.isEmpty()) {
                    out.append("[]");
                    return;
                }
                out.append('[');
                for (Iterator<? extends Value> i = items.iterator(); i.hasNext(); ) {
                    newLine(depth + 1);
                    value(i.next(), depth + 1);
                    out.append(i.hasNext() ? "," : "");
                }
                newLine(depth);
                out.append(']');
            }
            case Value.Fields(var fields) -> {
                if (fields.isEmpty()) {
                    out.append("{}");
                    return;
                }
                out.append('{');
                for (var i = fields.entrySet().iterator(); i.hasNext(); ) {
                    var field = i.next();
                    newLine(depth + 1);
                    text(field.getKey());
                    out.append(": ");
                    value(field.getValue(), depth + 1);
                    out.append(i.hasNext() ? "," : "");
                }
                newLine(depth);
                out.append('}');
            }
        }
    }

    private void newLine(int depth) {
        out.append('\n').repeat("  ", depth);
    }

    private void text(String text) {
        out.append('"');
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    // U+2028 and U+2029 end a line in JavaScript; YAML takes no control characters as they are.
                    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
