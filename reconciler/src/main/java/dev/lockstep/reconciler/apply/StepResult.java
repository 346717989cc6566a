package dev.lockstep.reconciler.apply;

import dev.lockstep.reconciler.plan.Step;
import java.time.Duration;

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
}
