package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.HealthCheck;
import dev.lockstep.spec.model.Dependency;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How long a service is waited for that others need, by whoever applies until all is well (an agent, {@code apply
 * --wait}): its own times, as far as its files tell them.
 */
public final class Patience {
    /** How long a job may take before it counts as one that hangs, where its file does not say. */
    public static final Duration JOB = Duration.ofMinutes(30);

    /** Beside what health checks may take: for starts, for restarts with their pauses, for a busy host. */
    public static final Duration ALLOWANCE = Duration.ofMinutes(1);

    private Patience() {}

    /** How long the containers of a job may take. */
    public static Duration ofJob(DesiredService service) {
        return service.update().monitor().orElse(JOB);
    }

    /** Empty where its image may say something to it. */
    static Optional<Duration> of(DesiredService service, Dependency.Condition condition) {
        return switch (condition) {
            case COMPLETED_SUCCESSFULLY -> Optional.of(ofJob(service));
            case STARTED, HEALTHY -> {
                var all = service.slots().stream()
                        .map(slot -> ofHealth(slot.spec()))
                        .toList();
                yield all.contains(Optional.<Duration>empty())
                        ? Optional.empty()
                        : all.stream().flatMap(Optional::stream).max(Duration::compareTo);
            }
        };
    }

    private static Optional<Duration> ofHealth(ContainerSpec spec) {
        return spec.healthCheck().flatMap(Patience::of);
    }

    private static Optional<Duration> of(HealthCheck check) {
        if (check.test().equals(Optional.of(List.of("NONE")))) {
            return Optional.of(ALLOWANCE);
        }
        if (check.interval().isEmpty()
                || check.timeout().isEmpty()
                || check.startPeriod().isEmpty()
                || check.retries().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(of(
                check.startPeriod().get(),
                check.interval().get(),
                check.timeout().get(),
                check.retries().get()));
    }

    /** How long the health of a container may take to show. */
    public static Duration of(Duration startPeriod, Duration interval, Duration timeout, int retries) {
        return startPeriod
                .plus(interval.plus(timeout).multipliedBy(retries + 1L))
                .plus(ALLOWANCE);
    }
}
