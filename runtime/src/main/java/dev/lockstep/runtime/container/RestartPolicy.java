package dev.lockstep.runtime.container;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * What happens when the container's process ends by itself.
 *
 * @param condition when to start it again
 * @param maxRetries give up after so many failed starts in a row; 0: never give up
 * @param explicit whether the user wrote it; an unwritten {@code NO} lets an agent heal a failed container
 * @param delay from an end to the next start, always the same; absent: growing
 * @param window an automatic start whose run lasted that long did not fail; absent: every one counts
 */
public record RestartPolicy(
        Condition condition, int maxRetries, boolean explicit, Optional<Duration> delay, Optional<Duration> window) {
    /** Nobody wrote a policy. */
    public static final RestartPolicy NONE = new RestartPolicy(Condition.NO, 0, false);

    /** Docker's four. */
    public enum Condition {
        NO,
        ALWAYS,
        UNLESS_STOPPED,
        ON_FAILURE
    }

    /** Fills in what is not in the files of earlier versions. */
    public RestartPolicy {
        delay = Objects.requireNonNullElse(delay, Optional.empty());
        window = Objects.requireNonNullElse(window, Optional.empty());
    }

    /** One of Docker's: delays grow, and every automatic start counts. */
    public RestartPolicy(Condition condition, int maxRetries, boolean explicit) {
        this(condition, maxRetries, explicit, Optional.empty(), Optional.empty());
    }
}
