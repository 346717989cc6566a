package dev.lockstep.spec.yaml;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects what is wrong, so that a user sees all of it at once. Not for use by several threads. */
public final class Problems {
    /** More than this is not read by anybody, and a hostile file could make millions. */
    private static final int MOST = 1000;

    // By their text: a node that is reached through several aliases is one problem, not many.
    private final Map<String, Problem> errors = new LinkedHashMap<>();
    private final Map<String, Problem> warnings = new LinkedHashMap<>();
    private boolean missing;

    /** Something that must be put right. */
    public void error(SourcePosition at, String path, String message) {
        add(errors, new Problem(at, path, message));
    }

    /** The same for a file that is named and not there, or cannot be opened. */
    public void missing(SourcePosition at, String path, String message) {
        missing = true;
        error(at, path, message);
    }

    /** True as soon as one of the errors is about a file that could not be read. */
    public boolean hasMissing() {
        return missing;
    }

    /** Something that should be put right. */
    public void warning(SourcePosition at, String path, String message) {
        add(warnings, new Problem(at, path, message));
    }

    private static void add(Map<String, Problem> problems, Problem problem) {
        if (problems.size() < MOST) {
            problems.putIfAbsent(problem.toString(), problem);
        }
    }

    /** True when further errors are dropped. */
    public boolean isFull() {
        return errors.size() >= MOST;
    }

    /** True as soon as there is one error. */
    public boolean hasErrors() {
        return !errors.isEmpty();
    }

    /** The errors by position. */
    public List<Problem> errors() {
        return sorted(errors);
    }

    /** The warnings by position. */
    public List<Problem> warnings() {
        return sorted(warnings);
    }

    private static List<Problem> sorted(Map<String, Problem> problems) {
        var sorted = new ArrayList<>(problems.values());
        sorted.sort(null);
        return List.copyOf(sorted);
    }
}
