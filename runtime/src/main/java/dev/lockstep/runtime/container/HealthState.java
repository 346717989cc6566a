package dev.lockstep.runtime.container;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How a container is, by its health check; moves by {@link #advance} alone. Kept on disk, so that an agent that starts
 * again goes on where the last one was.
 *
 * @param startedAt the run of the container that this is about
 * @param failingStreak failures in a row
 * @param results the last five probes, oldest first
 */
public record HealthState(Status status, Instant startedAt, int failingStreak, List<HealthResult> results) {
    private static final int KEPT = 5;

    public HealthState {
        results = List.copyOf(results);
    }

    /** The words of {@code docker inspect}. */
    public enum Status {
        STARTING,
        HEALTHY,
        UNHEALTHY
    }

    /** A container that was just started. */
    public static HealthState starting(Instant startedAt) {
        return new HealthState(Status.STARTING, startedAt, 0, List.of());
    }

    /**
     * The state after one more probe. Success heals at once. A failure counts, except while starting within the start
     * period; as many in a row as {@code retries} make it unhealthy.
     */
    public HealthState advance(EffectiveHealthCheck check, HealthResult result) {
        var kept = Stream.concat(results.stream(), Stream.of(result))
                .skip(Math.max(0, results.size() + 1 - KEPT))
                .toList();
        if (result.exitCode() == 0) {
            return new HealthState(Status.HEALTHY, startedAt, 0, kept);
        }
        if (inStartPeriod(check, result.start())) {
            return new HealthState(status, startedAt, failingStreak, kept);
        }
        var streak = failingStreak + 1;
        return new HealthState(streak >= check.retries() ? Status.UNHEALTHY : status, startedAt, streak, kept);
    }

    /** When the next probe is due: one interval after the last one ended, or after the start. */
    public Instant nextProbe(EffectiveHealthCheck check) {
        var last = last().map(HealthResult::end).orElse(startedAt);
        return last.plus(pause(check, last));
    }

    /** How long to wait for the next probe, at that moment. */
    public Duration pause(EffectiveHealthCheck check, Instant when) {
        return inStartPeriod(check, when) ? check.startInterval() : check.interval();
    }

    /** The newest probe. */
    public Optional<HealthResult> last() {
        return results.isEmpty() ? Optional.empty() : Optional.of(results.getLast());
    }

    private boolean inStartPeriod(EffectiveHealthCheck check, Instant when) {
        return status == Status.STARTING && when.isBefore(startedAt.plus(check.startPeriod()));
    }
}
