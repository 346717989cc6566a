package dev.lockstep.runtime.container;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How to ask a container whether it is well; absent parts come from the image, then from Docker's defaults (30 s, 30 s,
 * 0 s, 5 s, 3).
 *
 * @param test absent: the image's test; {@code ["NONE"]}: no check; else {@code CMD …} or {@code CMD-SHELL …}
 */
public record HealthCheck(
        Optional<List<String>> test,
        Optional<Duration> interval,
        Optional<Duration> timeout,
        Optional<Duration> startPeriod,
        Optional<Duration> startInterval,
        Optional<Integer> retries) {
    /** Nobody checks, whatever the image says. */
    public static final HealthCheck OFF = new HealthCheck(
            Optional.of(List.of("NONE")),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    public HealthCheck {
        test = test.map(List::copyOf);
    }
}
