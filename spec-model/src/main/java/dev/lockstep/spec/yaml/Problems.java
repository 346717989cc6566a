package dev.lockstep.spec.yaml;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects what is wrong, so that a user sees all of it at once. Not for use by several threads. */
public final class Problems {
    /** More than this is not read by anybody, and a hostile file could make millions. */
    private static final int MOST = 1000;

    // A node that is reached through several aliases is one problem, not many.
    private final Set<Problem> errors = new LinkedHashSet<>();
    private final Set<Problem> warnings = new LinkedHashSet<>();

    /** Something that must be put right. */
    public void error(SourcePosition at, String path, String message) {
        add(errors, new Problem(at, path, message));
    }

    /** Something that should be put right. */
    public void warning(SourcePosition at, String path, String message) {
        add(warnings, new Problem(at, path, message));
    }

    private static void add(Set<Problem> problems, Problem problem) {
        if (problems.size() < MOST) {
            problems.add(problem);
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

    private static List<Problem> sorted(Set<Problem> problems) {
        var sorted = new ArrayList<>(problems);
        sorted.sort(null);
        return List.copyOf(sorted);
    }
}
