package dev.lockstep.runtime.container;

/** What stopping took. */
public sealed interface StopResult {
    /** It was not running. */
    record NotRunning() implements StopResult {}

    /**
     * It ended.
     *
     * @param killed the grace ran out, and it was killed
     */
    record Stopped(ExitOutcome outcome, boolean killed) implements StopResult {}
}
