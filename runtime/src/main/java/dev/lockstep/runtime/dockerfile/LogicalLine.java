package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.List;

/** An instruction in one line, put together from continued lines, which still knows where each character stands. */
final class LogicalLine {
    /**
     * A piece of a written line.
     *
     * @param offset of its first character in the whole
     * @param line of the file
     * @param written that line
     * @param from of its first character there, in UTF-16 units
     */
    private record Piece(int offset, int line, String written, int from) {}

    private final List<Piece> pieces = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();

    void add(String piece, int line, String written, int from) {
        pieces.add(new Piece(text.length(), line, written, from));
        text.append(piece);
    }

    String text() {
        return text.toString();
    }

    /** Where a character stands; one behind the end is where the line ends. */
    SourceRange at(int offset) {
        var low = 0;
        var high = pieces.size() - 1;
        while (low < high) {
            var middle = (low + high + 1) >>> 1;
            if (pieces.get(middle).offset <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        var piece = pieces.get(low);
        var index = Math.min(piece.written.length(), piece.from + Math.max(0, offset - piece.offset));
        return new SourceRange(piece.line, piece.written.codePointCount(0, index) + 1, piece.line);
    }
}
