package dev.lockstep.spec.model;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * How the containers of a service are replaced.
 *
 * @param parallelism how many at a time; 0 is all
 * @param delay between one group and the next
 * @param monitor how long a new container is watched for failure
 * @param maxFailureRatio from 0 to 1
 */
public record UpdateConfig(
        Optional<Long> parallelism,
        Optional<Duration> delay,
        Optional<Written<FailureAction>> failureAction,
        Optional<Duration> monitor,
        Optional<Decimal> maxFailureRatio,
        Optional<Order> order) {
    /** What happens when too many fail. */
    public enum FailureAction {
        CONTINUE,
        PAUSE,
        ROLLBACK;

        /** The word in Compose files. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether the new container starts before the old one stops. */
    public enum Order {
        START_FIRST,
        STOP_FIRST;

        /** The word in Compose files, such as {@code stop-first}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
