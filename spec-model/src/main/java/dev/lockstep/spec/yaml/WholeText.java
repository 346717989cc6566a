package dev.lockstep.spec.yaml;

import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.reader.StreamReader;

/**
 * A text for SnakeYAML's scanner, all of it at hand. SnakeYAML's own reader takes a thousand characters at a time and
 * copies what it has of a token with each of them: one line of 16 million characters takes it more than a minute.
 */
final class WholeText extends StreamReader {
    private static final int[] NO_SNIPPET = {};

    private final String text;
    // Code points, only where the text has some that are two characters.
    private final int[] wide;
    private final int length;
    private int pointer;
    private int documentIndex;
    private int line;
    private int column;

    WholeText(String text) {
        super("");
        this.text = text;
        this.wide = text.chars().anyMatch(c -> Character.isSurrogate((char) c))
                ? text.codePoints().toArray()
                : NO_SNIPPET;
        this.length = wide.length > 0 ? wide.length : text.length();
    }

    private int at(int index) {
        if (index >= length) {
            return 0;
        }
        return wide.length > 0 ? wide[index] : text.charAt(index);
    }

    @Override
    public Mark getMark() {
        return new Mark("", pointer, line, column, NO_SNIPPET, 0);
    }

    @Override
    public int peek() {
        return at(pointer);
    }

    @Override
    public int peek(int ahead) {
        return at(pointer + ahead);
    }

    @Override
    public String prefix(int count) {
        var end = Math.min(pointer + count, length);
        return wide.length > 0 ? new String(wide, pointer, end - pointer) : text.substring(pointer, end);
    }

    /** Within a line, as the scanner promises. */
    @Override
    public String prefixForward(int count) {
        var prefix = prefix(count);
        pointer += count;
        documentIndex += count;
        column += count;
        return prefix;
    }

    @Override
    public void forward() {
        forward(1);
    }

    @Override
    public void forward(int count) {
        for (var i = 0; i < count && pointer < length; i++) {
            var c = at(pointer++);
            documentIndex++;
            if (isLineEnd(c)) {
                line++;
                column = 0;
            } else if (c != '\uFEFF') {
                column++;
            }
        }
    }

    private boolean isLineEnd(int c) {
        return c == '\n' || c == '\u0085' || c == '\u2028' || c == '\u2029' || (c == '\r' && at(pointer) != '\n');
    }

    @Override
    public int getIndex() {
        return pointer;
    }

    @Override
    public int getDocumentIndex() {
        return documentIndex;
    }

    @Override
    public void resetDocumentIndex() {
        documentIndex = 0;
    }

    @Override
    public int getLine() {
        return line;
    }

    @Override
    public int getColumn() {
        return column;
    }
}
