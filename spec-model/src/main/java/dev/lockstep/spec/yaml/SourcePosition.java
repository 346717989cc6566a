package dev.lockstep.spec.yaml;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a value stands in a file. Lines and columns count from 1, as editors show them.
 *
 * @param file the path as the user would write it: relative to the project or the repository
 * @param via how the value came from there, in order; empty for one that is simply used where it stands
 */
public record SourcePosition(String file, int line, int column, List<Step> via) {
    /** The place of values that nobody wrote. */
    public static final SourcePosition DEFAULT = new SourcePosition("(default)", 1, 1);

    public SourcePosition {
        if (line < 1 || column < 1) {
            throw new IllegalArgumentException("line and column count from 1, got " + line + ":" + column);
        }
        via = List.copyOf(via);
    }

    /** The place of a value that is used where it stands. */
    public SourcePosition(String file, int line, int column) {
        this(file, line, column, List.of());
    }

    /** The same place, one step further on. */
    public SourcePosition via(Step step) {
        var steps = new ArrayList<Step>(via.size() + 1);
        steps.addAll(via);
        steps.add(step);
        return new SourcePosition(file, line, column, steps);
    }

    /** The place alone. */
    public SourcePosition plain() {
        return via.isEmpty() ? this : new SourcePosition(file, line, column);
    }

    /** True for {@link #DEFAULT}. */
    public boolean isDefault() {
        return equals(DEFAULT);
    }

    /** {@code file:line:column}. */
    @Override
    public String toString() {
        return isDefault() ? file : file + ":" + line + ":" + column;
    }
}
