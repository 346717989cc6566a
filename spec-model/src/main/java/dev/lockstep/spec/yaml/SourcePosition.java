package dev.lockstep.spec.yaml;

/**
 * Where a value stands in a file. Lines and columns count from 1, as editors show them.
 *
 * @param file the path as the user would write it: relative to the project or the repository
 */
public record SourcePosition(String file, int line, int column) {
    /** The place of values that nobody wrote. */
    public static final SourcePosition DEFAULT = new SourcePosition("(default)", 1, 1);

    public SourcePosition {
        if (line < 1 || column < 1) {
            throw new IllegalArgumentException("line and column count from 1, got " + line + ":" + column);
        }
    }

    /** True for {@link #DEFAULT}. */
    public boolean isDefault() {
        return equals(DEFAULT);
    }

    @Override
    public String toString() {
        return isDefault() ? file : file + ":" + line + ":" + column;
    }
}
