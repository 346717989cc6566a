package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.SourceRange;

/**
 * Something that a rule has found.
 *
 * @param severity the rule's, or an error where the file asks for that ({@code # check=error=true})
 * @param message one sentence about this place
 */
public record LintFinding(LintRule rule, Severity severity, SourceRange at, String message)
        implements Comparable<LintFinding> {
    /** By place, then by rule. */
    @Override
    public int compareTo(LintFinding other) {
        var order = at.compareTo(other.at);
        order = order == 0 ? rule.id().compareTo(other.rule.id()) : order;
        return order == 0 ? message.compareTo(other.message) : order;
    }
}
