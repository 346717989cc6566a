package dev.lockstep.reconciler.apply;

import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Step;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What became of one step. */
public sealed interface StepResult {
    /** The step. */
    Step step();

    /** It was done. */
    record Done(Step step, Duration took) implements StepResult {}

    /**
     * It went wrong.
     *
     * @param why one sentence
     */
    record Failed(Step step, String why) implements StepResult {}

    /** It was not tried, because something before it failed or applying was interrupted. */
    record Skipped(Step step, String why) implements StepResult {}

    /** Whether nothing was touched: images are pulled before anything else, and nothing but that failed. */
    static boolean changedNothing(Collection<StepResult> results) {
        return results.stream()
                .filter(result -> !(result.step().operation() instanceof Operation.OnImage))
                .allMatch(Skipped.class::isInstance);
    }

    /** Why a step was not tried whose wait somebody has ended, who wants something else. */
    String SUPERSEDED = "because a newer revision has come, or the agent ends";

    /** Whether some were not tried for that reason alone. */
    static boolean isBrokenOff(Collection<StepResult> results) {
        return failures(results).isEmpty()
                && results.stream()
                        .anyMatch(result -> result instanceof Skipped(var _, var why) && why.equals(SUPERSEDED));
    }

    /** The services of which something was not done. */
    static Set<String> failedServices(Collection<StepResult> results) {
        return results.stream()
                .filter(result -> !(result instanceof Done))
                .flatMap(result -> Operation.service(result.step().operation()).stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** What went wrong, a sentence for each step. */
    static List<String> failures(Collection<StepResult> results) {
        return results.stream()
                .filter(Failed.class::isInstance)
                .map(result -> result.step().operation().name() + ": " + ((Failed) result).why())
                .toList();
    }
}
