package dev.lockstep.spec.check;

import dev.lockstep.spec.yaml.Problem;
import java.util.List;
import java.util.stream.Stream;

/**
 * Something that a rule has found.
 *
 * @param severity whether it must or should be put right
 */
public record Finding(Rule rule, Severity severity, Problem problem) implements Comparable<Finding> {
    /** What follows from a finding. */
    public enum Severity {
        /** The stack is refused. */
        ERROR,
        /** It runs. */
        WARNING
    }

    /** What loading found, under the rules that loading has. */
    public static List<Finding> ofLoading(List<Problem> errors, List<Problem> warnings) {
        return Stream.concat(
                        errors.stream().map(p -> new Finding(loadingRule(p), Severity.ERROR, p)),
                        warnings.stream().map(p -> new Finding(Rule.QUESTIONABLE, Severity.WARNING, p)))
                .sorted()
                .toList();
    }

    private static Rule loadingRule(Problem problem) {
        return problem.message().startsWith("unknown key") ? Rule.UNKNOWN_KEY : Rule.INVALID_FILE;
    }

    public boolean isError() {
        return severity == Severity.ERROR;
    }

    /** By file, line and column, as an editor lists problems. */
    @Override
    public int compareTo(Finding other) {
        var byPlace = problem.compareTo(other.problem);
        return byPlace != 0 ? byPlace : rule.id().compareTo(other.rule.id());
    }
}
