package dev.lockstep.runtime.dockerfile;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The lines of a Dockerfile as they are written, for messages that show them.
 *
 * @param name as the user named the file
 * @param lines without their ends ({@code \n}, {@code \r\n})
 * @param crlf for each line whether it ends with {@code \r\n}, which here-documents keep
 */
public record SourceText(String name, List<String> lines, List<Boolean> crlf) {
    /** What stands for bytes that are no UTF-8. */
    static final char MALFORMED = '\ufffd';

    private static final int CONTEXT = 3;
    private static final int WIDEST = 400;

    public SourceText {
        lines = List.copyOf(lines);
        crlf = List.copyOf(crlf);
    }

    /** Decodes UTF-8; a byte order mark at the very start is dropped. */
    static SourceText of(String name, byte[] bytes) {
        var text = new String(bytes, StandardCharsets.UTF_8);
        var lines = new ArrayList<String>();
        var crlf = new ArrayList<Boolean>();
        var from = text.startsWith("\ufeff") ? 1 : 0;
        while (from < text.length()) {
            var end = text.indexOf('\n', from);
            var next = end < 0 ? text.length() : end + 1;
            var last = end < 0 ? text.length() : end;
            var windows = false;
            while (last > from && text.charAt(last - 1) == '\r') {
                last--;
                windows = end >= 0;
            }
            lines.add(text.substring(from, last));
            crlf.add(windows);
            from = next;
        }
        return new SourceText(name, lines, crlf);
    }

    /** Lines count from 1; the end of an empty file is line 1. */
    int lastLine() {
        return Math.max(1, lines.size());
    }

    /**
     * A problem as BuildKit shows one: {@code Dockerfile:2}, then the lines around with {@code >>>} before those that
     * it is about. Control characters are not shown as they are.
     */
    public String excerpt(SourceRange at) {
        var shown = new StringBuilder(name).append(':').append(at.line()).append("\n--------------------\n");
        var begin = Math.max(1, at.line() - CONTEXT);
        var end = Math.min(lines.size(), Math.min(at.endLine(), at.line() + 8) + CONTEXT);
        for (var line = begin; line <= end; line++) {
            var marked = line >= at.line() && line <= at.endLine();
            shown.append(String.format(" %3d | %s %s%n", line, marked ? ">>>" : "   ", printable(lines.get(line - 1))));
        }
        return shown.append("--------------------\n").toString();
    }

    private static String printable(String line) {
        var cut = line.length() > WIDEST ? line.substring(0, WIDEST) + "…" : line;
        var result = new StringBuilder(cut.length());
        cut.chars().forEach(c -> {
            if (c == '\t' || !Character.isISOControl(c) && Character.getType(c) != Character.FORMAT) {
                result.append((char) c);
            } else {
                result.append(String.format("\\u%04x", c));
            }
        });
        return result.toString();
    }
}
