package dev.lockstep.reconciler.apply;

import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;

/** Hears how applying goes on. Called from several threads. */
public interface ApplyListener {
    /** A step begins to change the host. */
    default void started(Step step) {}

    /** A step waits for another service. */
    default void waiting(Step step, String what) {}

    /** A step is over. */
    default void finished(StepResult result) {}

    /** Where the bytes of a pull are reported. */
    default Progress pulling(ImageReference image) {
        return Progress.NONE;
    }

    /** Tells nobody. */
    ApplyListener NONE = new ApplyListener() {};
}
