package dev.lockstep.reconciler.agent;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long to wait before the next look at something. */
final class Backoff {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);
    /** Many agents that were switched on together must not knock together. */
    private static final double JITTER = 0.15;

    private final RandomGenerator chance;
    private int failures;

    Backoff(RandomGenerator chance) {
        this.chance = chance;
    }

    /** After success: the interval, give or take 15 %. */
    Duration succeeded(Duration interval) {
        failures = 0;
        var factor = 1 - JITTER + 2 * JITTER * chance.nextDouble();
        return Duration.ofNanos((long) (interval.toNanos() * factor));
    }

    /**
     * After a failure: up to 1 s, 2 s, 4 s … 5 min, by chance in the upper half of it, so that those who failed
     * together come back spread out.
     */
    Duration failed() {
        var ceiling = LONGEST.toNanos();
        if (failures < 9) {
            ceiling = Math.min(ceiling, FIRST.toNanos() << failures);
        }
        failures++;
        return Duration.ofNanos(ceiling / 2 + (long) (chance.nextDouble() * ceiling / 2));
    }
}
