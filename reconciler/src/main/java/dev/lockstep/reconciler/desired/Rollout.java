package dev.lockstep.reconciler.desired;

import dev.lockstep.spec.model.UpdateConfig;
import dev.lockstep.spec.model.UpdateConfig.FailureAction;
import dev.lockstep.spec.model.UpdateConfig.Order;
import dev.lockstep.spec.model.Written;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How the containers of a service are replaced ({@code deploy.update_config}, {@code rollback_config}).
 *
 * @param parallelism how many at a time; 0: all
 * @param delay between one group and the next
 * @param startFirst the new container runs, and is well, before the old one ends
 * @param onFailure what happens when more than {@code maxFailureRatio} of them fail; absent: the stack goes back to
 *     what ran before, where somebody waits for its health
 * @param monitor how long a new container must have run before it counts as well; absent: as long as any
 * @param maxFailureRatio from 0 to 1: that share of the service's containers may fail
 */
public record Rollout(
        int parallelism,
        Duration delay,
        boolean startFirst,
        Optional<FailureAction> onFailure,
        Optional<Duration> monitor,
        double maxFailureRatio) {
    /**
     * What counts where a file says nothing: Swarm's defaults (docker/swarmkit, {@code api/defaults/service.go}), one
     * at a time and the old one first. Compose would take all down at once.
     */
    public static final Rollout DEFAULT = new Rollout(1, Duration.ZERO, false, Optional.empty(), Optional.empty(), 0);

    static Rollout of(Optional<UpdateConfig> written) {
        return written.map(config -> new Rollout(
                        config.parallelism()
                                .map(n -> Math.clamp(n, 0, Integer.MAX_VALUE))
                                .orElse(DEFAULT.parallelism()),
                        config.delay().orElse(Duration.ZERO),
                        config.order().equals(Optional.of(Order.START_FIRST)),
                        config.failureAction().flatMap(Written::value),
                        config.monitor(),
                        config.maxFailureRatio()
                                .map(ratio -> Double.parseDouble(ratio.toString()))
                                .orElse(0.0)))
                .orElse(DEFAULT);
    }

    /** How many of a number of containers are replaced at a time. */
    public int groupOf(int all) {
        return parallelism == 0 ? Math.max(1, all) : parallelism;
    }

    /** How many of a number of containers may fail: no greater share than is written. */
    public int mayFail(int all) {
        // In decimal, as it is written: 0.29 of 100 are 29, which they are not in binary.
        return BigDecimal.valueOf(maxFailureRatio)
                .multiply(BigDecimal.valueOf(all))
                .intValue();
    }

    // As the JVM would make them, but it makes them when they are first called, which every plan would pay.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Rollout its
                && parallelism == its.parallelism
                && delay.equals(its.delay)
                && startFirst == its.startFirst
                && onFailure.equals(its.onFailure)
                && monitor.equals(its.monitor)
                && Double.compare(maxFailureRatio, its.maxFailureRatio) == 0;
    }

    @Override
    public int hashCode() {
        return Objects.hash(parallelism, delay, startFirst, onFailure, monitor, maxFailureRatio);
    }
}
