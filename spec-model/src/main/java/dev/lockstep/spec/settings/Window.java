package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.CronExpression;
import java.time.Duration;
import java.time.ZoneId;

/**
 * A time at which stacks may be changed.
 *
 * @param opens when it opens
 * @param duration how long it stays open, at least a minute and at most a week
 * @param zone whose clocks {@code opens} means
 */
public record Window(CronExpression opens, Duration duration, ZoneId zone) {
    private static final Duration SHORTEST = Duration.ofMinutes(1);
    private static final Duration LONGEST = Duration.ofDays(7);

    public Window {
        requirePossible(duration);
    }

    /** @throws IllegalArgumentException when nothing could be done in that time, or it never ends */
    static Duration requirePossible(Duration duration) {
        if (duration.compareTo(SHORTEST) < 0 || duration.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("must be between 1m and 7d");
        }
        return duration;
    }
}
