package dev.lockstep.runtime.container;

import java.time.Instant;

/**
 * How a run ended.
 *
 * @param exitCode the process's own, or 128 + signal; 255 when nobody knows
 * @param oomKilled the kernel killed a process of the container for want of memory during the run
 * @param lost nobody saw it end: the supervisor was killed, or the host went down
 */
public record ExitOutcome(int exitCode, Instant finishedAt, boolean oomKilled, boolean lost) {
    /** The code for an end that nobody saw. */
    public static final int UNKNOWN = 255;
}
