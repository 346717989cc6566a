package dev.lockstep.spec.canonical;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes JSON with two spaces of indentation, as docker compose does. */
final class JsonWriter implements Value.Writer {
    private final StringBuilder out = new StringBuilder();
    private int depth;

    private JsonWriter() {}

    static String write(Value value) {
        var writer = new JsonWriter();
        value.writeTo(writer);
        return writer.out.append('\n').toString();
    }

    @Override
    public void word(String word) {
        out.append(word);
    }

    @Override
    public void items(List<? extends Value> items) {
        out.append('[');
        depth++;
        for (Iterator<? extends Value> i = items.iterator(); i.hasNext(); ) {
            newLine();
            i.next().writeTo(this);
            out.append(i.hasNext() ? "," : "");
        }
        end(items.isEmpty(), ']');
    }

    @Override
    public void fields(Map<String, Value> fields) {
        out.append('{');
        depth++;
        for (var i = fields.entrySet().iterator(); i.hasNext(); ) {
            var field = i.next();
            newLine();
            text(field.getKey());
            out.append(": ");
            field.getValue().writeTo(this);
            out.append(i.hasNext() ? "," : "");
        }
        end(fields.isEmpty(), '}');
    }

    private void end(boolean empty, char bracket) {
        depth--;
        if (!empty) {
            newLine();
        }
        out.append(bracket);
    }

    private void newLine() {
        out.append('\n').repeat("  ", depth);
    }

    @Override
    public void text(String text) {
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
