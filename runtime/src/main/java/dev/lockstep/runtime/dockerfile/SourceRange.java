package dev.lockstep.runtime.dockerfile;

/**
 * Where something stands in a Dockerfile.
 *
 * @param line where it begins, from 1
 * @param column where it begins in that line, in characters (code points) from 1
 * @param endLine the last line of it, bodies of here-documents included
 */
public record SourceRange(int line, int column, int endLine) implements Comparable<SourceRange> {
    public SourceRange {
        if (line < 1 || column < 1 || endLine < line) {
            throw new IllegalArgumentException("no range of a file: " + line + ":" + column + "-" + endLine);
        }
    }

    /** By line and column. */
    @Override
    public int compareTo(SourceRange other) {
        return line == other.line ? Integer.compare(column, other.column) : Integer.compare(line, other.line);
    }
}
