package dev.lockstep.spec.model;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * What {@code deploy.restart_policy} says should happen when a container ends.
 *
 * @param delay between two attempts
 * @param maxAttempts without it there is no end
 * @param window how long a container must have run for its start to count as a success
 */
public record RestartPolicy(
        Optional<Written<Condition>> condition,
        Optional<Duration> delay,
        Optional<Long> maxAttempts,
        Optional<Duration> window) {
    /** After which ends. */
    public enum Condition {
        NONE,
        ON_FAILURE,
        ANY,
        UNLESS_STOPPED;

        /** The word in Compose files, such as {@code on-failure}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
