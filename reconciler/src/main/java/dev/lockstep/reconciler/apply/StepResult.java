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

    /**
     * It was not tried, because something before it failed or applying was interrupted.
     *
     * @param brokenOff somebody has ended its wait, who wants something else
     * @param why begins with "because"
     */
    record Skipped(Step step, boolean brokenOff, String why) implements StepResult {
        /** One that nobody waited for any more is none of these. */
        public Skipped(Step step, String why) {
            this(step, false, why);
        }

        static Skipped brokenOff(Step step) {
            return new Skipped(step, true, "because a newer revision has come, or the agent ends");
        }
    }

    /** Whether nothing was touched: images are pulled before anything else, and nothing but that failed. */
    static boolean changedNothing(Collection<StepResult> results) {
        return results.stream()
                .filter(result -> !(result.step().operation() instanceof Operation.OnImage))
                .allMatch(Skipped.class::isInstance);
    }

    /** Whether some were not tried because their wait was ended, and nothing went wrong. */
    static boolean isBrokenOff(Collection<StepResult> results) {
        return failures(results).isEmpty()
                && results.stream().anyMatch(result -> result instanceof Skipped skipped && skipped.brokenOff());
    }

    /** The services of which something was not done. */
    static Set<String> failedServices(Collection<StepResult> results) {
        return results.stream()
                .filter(result -> !(result instanceof Done))
                .flatMap(result -> Operation.service(result.step().operation()).stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * What keeps the plan from having been carried out, a sentence each: what went wrong; where nothing did, and nobody
     * broke it off, which steps were held back because those before them were not well.
     */
    static List<String> obstacles(Collection<StepResult> results) {
        var failures = failures(results);
        if (!failures.isEmpty() || isBrokenOff(results)) {
            return failures;
        }
        var undone = results.stream()
                .filter(Skipped.class::isInstance)
                .map(result -> result.step().id())
                .collect(Collectors.toSet());
        return results.stream()
                .filter(Skipped.class::isInstance)
                .filter(result -> result.step().after().stream().noneMatch(undone::contains))
                .map(result -> result.step().operation().name() + " was held back, " + ((Skipped) result).why())
                .toList();
    }

    /** What went wrong, a sentence for each step. */
    static List<String> failures(Collection<StepResult> results) {
        return results.stream()
                .filter(Failed.class::isInstance)
                .map(result -> result.step().operation().name() + ": " + ((Failed) result).why())
                .toList();
    }
}
