package dev.lockstep.reconciler.apply;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.plan.Patience;
import dev.lockstep.spec.model.Dependency;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How long the steps of one plan wait at most for what other services must come to be before them. Who applies with
 * nobody in front of it must come to an end, however a program hangs; a person waits as long as they like.
 */
public final class WaitLimits {
    private static final long NOT_BEGUN = Long.MIN_VALUE;

    private final boolean limited;
    private final Map<String, Duration> monitors;
    private final Optional<Duration> whole;
    private final LongSupplier nanoTime;
    private final AtomicLong begun = new AtomicLong(NOT_BEGUN);

    private WaitLimits(
            boolean limited, Map<String, Duration> monitors, Optional<Duration> whole, LongSupplier nanoTime) {
        this.limited = limited;
        this.monitors = Map.copyOf(monitors);
        this.whole = whole;
        this.nanoTime = nanoTime;
    }

    /** None: as {@code docker compose up} waits. */
    public static WaitLimits forEver() {
        return new WaitLimits(false, Map.of(), Optional.empty(), System::nanoTime);
    }

    /**
     * Those of a stack that somebody applies who waits until it is well.
     *
     * @param whole for all that is waited for, counted from the first wait on; absent: each condition has its own
     *     limit. For a job that is what {@code deploy.update_config.monitor} says, or half an hour; for health what the
     *     health checks may take, and a minute
     */
    public static WaitLimits of(Desired desired, Optional<Duration> whole) {
        return of(desired, whole, System::nanoTime);
    }

    static WaitLimits of(Desired desired, Optional<Duration> whole, LongSupplier nanoTime) {
        var monitors = new HashMap<String, Duration>();
        for (var service : desired.services()) {
            service.update().monitor().ifPresent(monitor -> monitors.put(service.name(), monitor));
        }
        return new WaitLimits(true, monitors, whole, nanoTime);
    }

    /**
     * What is left of the whole time, zero when it has run out; empty where there is none. The first call begins it.
     */
    public Optional<Duration> rest() {
        if (whole.isEmpty()) {
            return Optional.empty();
        }
        var now = nanoTime.getAsLong();
        begun.compareAndSet(NOT_BEGUN, now);
        var left = whole.get().minusNanos(now - begun.get());
        return Optional.of(left.isNegative() ? Duration.ZERO : left);
    }

    /**
     * How long a condition may be waited for from now on; empty: for ever.
     *
     * @param service that must come to be so
     * @param patience how long the health of its slowest container may take to show
     */
    Optional<Duration> of(String service, Dependency.Condition condition, Duration patience) {
        if (!limited) {
            return Optional.empty();
        }
        return rest().or(() -> Optional.of(
                switch (condition) {
                    case COMPLETED_SUCCESSFULLY -> monitors.getOrDefault(service, Patience.JOB);
                    case HEALTHY, STARTED -> patience;
                }));
    }
}
