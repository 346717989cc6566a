package dev.lockstep.runtime.lint;

/** How much a finding matters, the most first. */
public enum Severity {
    ERROR,
    WARNING,
    INFO,
    STYLE;

    /** Whether this matters as much as another, or more. */
    public boolean isAtLeast(Severity other) {
        return compareTo(other) <= 0;
    }
}
