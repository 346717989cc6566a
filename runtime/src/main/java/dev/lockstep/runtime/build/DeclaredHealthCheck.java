package dev.lockstep.runtime.build;

import java.time.Duration;
import java.util.List;

/**
 * A health check as an image has it.
 *
 * @param test {@code NONE}, {@code CMD} or {@code CMD-SHELL}, then the command
 * @param interval zero: the engine's default, as for the other times
 * @param retries zero: the engine's default
 */
public record DeclaredHealthCheck(
        List<String> test,
        Duration interval,
        Duration timeout,
        Duration startPeriod,
        Duration startInterval,
        int retries) {
    /** The word that takes an inherited check away. */
    static final String NONE = "NONE";

    public DeclaredHealthCheck {
        test = List.copyOf(test);
        if (test.isEmpty() || retries < 0) {
            throw new IllegalArgumentException("a health check has a test, and is not tried " + retries + " times");
        }
    }

    /** No check, whatever the base image has. */
    public static DeclaredHealthCheck none() {
        return new DeclaredHealthCheck(List.of(NONE), Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, 0);
    }
}
