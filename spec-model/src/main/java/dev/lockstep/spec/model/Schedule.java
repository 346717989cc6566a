package dev.lockstep.spec.model;

import java.time.ZoneId;

/**
 * When a service runs that is a job: not always, but at points in time.
 *
 * @param zone whose clocks {@code cron} means
 * @param overlap what happens when its time comes while it still runs
 * @param missed what happens when its time came and nobody was there
 */
public record Schedule(CronExpression cron, ZoneId zone, Overlap overlap, Missed missed) {
    /** When its time comes while it still runs. */
    public enum Overlap {
        /** The new run is left out. */
        SKIP,
        /** It runs when the other one has ended. */
        WAIT,
        /** The other one is stopped. */
        REPLACE
    }

    /** When its time came while the agent or the host was down. */
    public enum Missed {
        /** It runs at its next time. */
        SKIP,
        /** It runs once, as soon as it can. */
        RUN
    }
}
