package dev.lockstep.spec.lint;

import dev.lockstep.spec.yaml.Problem;

/** Something that a rule has found, with its place. */
public record ComposeFinding(ComposeRule rule, Problem problem) implements Comparable<ComposeFinding> {
    /** By place, then by rule. */
    @Override
    public int compareTo(ComposeFinding other) {
        var order = problem.compareTo(other.problem);
        return order == 0 ? rule.id().compareTo(other.rule.id()) : order;
    }
}
