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
 * @param startedUptime the same, counted from when the kernel started: the start period does not end because somebody
 *     sets the clock. Absent in records of an earlier version
 * @param failingStreak failures in a row
 * @param results the last five probes, oldest first
 */
public record HealthState(
        Status status,
        Instant startedAt,
        Optional<Duration> startedUptime,
        int failingStreak,
        List<HealthResult> results) {
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

    /**
     * A container that was just started.
     *
     * @param uptime the same moment, counted from when the kernel started
     */
    public static HealthState starting(Instant startedAt, Duration uptime) {
        return new HealthState(Status.STARTING, startedAt, Optional.of(uptime), 0, List.of());
    }

    /** The same for who knows when it was started, where the record does not say. */
    HealthState knowing(Duration uptime) {
        return startedUptime.isPresent()
                ? this
                : new HealthState(status, startedAt, Optional.of(uptime), failingStreak, results);
    }

    /**
     * The state after one more probe. Success heals at once. A failure counts, except while starting within the start
     * period; as many in a row as {@code retries} make it unhealthy.
     *
     * @param begun when the probe began, counted from when the kernel started
     */
    public HealthState advance(EffectiveHealthCheck check, HealthResult result, Duration begun) {
        var kept = Stream.concat(results.stream(), Stream.of(result))
                .skip(Math.max(0, results.size() + 1 - KEPT))
                .toList();
        if (result.exitCode() == 0) {
            return new HealthState(Status.HEALTHY, startedAt, startedUptime, 0, kept);
        }
        if (inStartPeriod(check, begun)) {
            return new HealthState(status, startedAt, startedUptime, failingStreak, kept);
        }
        var streak = failingStreak + 1;
        var next = streak >= check.retries() ? Status.UNHEALTHY : status;
        return new HealthState(next, startedAt, startedUptime, streak, kept);
    }

    /**
     * When the next probe is due: one interval after the last one ended, or after the start.
     *
     * @param uptime now, counted from when the kernel started
     */
    public Instant nextProbe(EffectiveHealthCheck check, Duration uptime) {
        return last().map(HealthResult::end).orElse(startedAt).plus(pause(check, uptime));
    }

    /**
     * How long to wait for the next probe, at that moment.
     *
     * @param uptime counted from when the kernel started
     */
    public Duration pause(EffectiveHealthCheck check, Duration uptime) {
        return inStartPeriod(check, uptime) ? check.startInterval() : check.interval();
    }

    /** The newest probe. */
    public Optional<HealthResult> last() {
        return results.isEmpty() ? Optional.empty() : Optional.of(results.getLast());
    }

    private boolean inStartPeriod(EffectiveHealthCheck check, Duration uptime) {
        return status == Status.STARTING
                && startedUptime
                        .filter(started -> uptime.compareTo(started.plus(check.startPeriod())) < 0)
                        .isPresent();
    }
}
