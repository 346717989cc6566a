package dev.lockstep.reconciler.agent;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** How long to wait before the next look at something. */
final class Backoff {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST_FIRST = Duration.ofSeconds(10);
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

    /** Before the first look, where many agents may begin together: up to a tenth of the interval, at most 10 s. */
    Duration first(Duration interval) {
        var longest = Math.min(interval.toNanos() / 10, LONGEST_FIRST.toNanos());
        return Duration.ofNanos((long) (chance.nextDouble() * longest));
    }

    /**
     * After a failure of a remote that says how long it wants to be left alone: that long and up to a tenth more, and
     * never less than without its word.
     */
    Duration failed(Optional<Duration> retryAfter) {
        var own = failed();
        return retryAfter
                .map(pause -> pause.plusNanos((long) (chance.nextDouble() * pause.toNanos() / 10)))
                .filter(pause -> pause.compareTo(own) > 0)
                .orElse(own);
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
