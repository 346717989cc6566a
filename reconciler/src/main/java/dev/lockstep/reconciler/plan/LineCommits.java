package dev.lockstep.reconciler.plan;

import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Knows which commit a value of a stack's files comes from. Asked only about what is printed. */
@FunctionalInterface
public interface LineCommits {
    /** Nobody knows. */
    LineCommits UNKNOWN = at -> Optional.empty();

    /** The newest commit of the lines of the value there; empty when it is not known, or in no repository. */
    Optional<LineCommit> of(SourcePosition at);

    /**
     * The plan with the commit of each of its causes: the newest of those that wrote the value and the variables that
     * it is made from. A value that comes from outside of the repository in any part is from no commit.
     */
    default Plan explain(Plan plan) {
        return plan.withSteps(plan.steps().stream()
                .map(step -> step.withCauses(
                        step.causes().stream().map(this::explain).toList()))
                .toList());
    }

    private Cause explain(Cause cause) {
        // Of what is gone there is no line, and a tag that means another image has changed in no file.
        if (cause.kind() == Cause.Kind.DRIFT
                || cause.at().isEmpty()
                || cause.after().isEmpty()
                || cause.because().isPresent()) {
            return cause;
        }
        return newest(cause.at().get()).map(cause::withCommit).orElse(cause);
    }

    private Optional<LineCommit> newest(SourcePosition at) {
        var commits = new ArrayList<LineCommit>();
        for (var place : places(at)) {
            var commit = place.isDefault() ? Optional.<LineCommit>empty() : of(place);
            if (commit.isEmpty()) {
                return Optional.empty();
            }
            commits.add(commit.get());
        }
        return commits.stream().max(Comparator.comparing(LineCommit::committed));
    }

    private static List<SourcePosition> places(SourcePosition at) {
        var places = new ArrayList<SourcePosition>();
        places.add(at.plain());
        for (var step : at.via()) {
            if (step instanceof Step.Substituted) {
                places.add(step.at());
            }
        }
        return places;
    }
}
