package dev.lockstep.runtime.image;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The check that an image brings along. Absent parts are the engine's to fill in.
 *
 * @param test {@code NONE}, {@code CMD …} or {@code CMD-SHELL …}; never empty
 */
public record ImageHealthCheck(
        List<String> test,
        Optional<Duration> interval,
        Optional<Duration> timeout,
        Optional<Duration> startPeriod,
        Optional<Duration> startInterval,
        Optional<Integer> retries) {
    public ImageHealthCheck {
        test = List.copyOf(test);
        if (test.isEmpty()) {
            throw new IllegalArgumentException("a health check has a test");
        }
    }
}
