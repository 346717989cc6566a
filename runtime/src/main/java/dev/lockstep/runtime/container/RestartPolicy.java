package dev.lockstep.runtime.container;

/**
 * What happens when the container's process ends by itself.
 *
 * @param condition when to start it again
 * @param maxRetries for {@code ON_FAILURE}: give up after so many starts in a row; 0: never give up
 * @param explicit whether the user wrote it; an unwritten {@code NO} lets an agent heal a failed container
 */
public record RestartPolicy(Condition condition, int maxRetries, boolean explicit) {
    /** Nobody wrote a policy. */
    public static final RestartPolicy NONE = new RestartPolicy(Condition.NO, 0, false);

    /** Docker's four. */
    public enum Condition {
        NO,
        ALWAYS,
        UNLESS_STOPPED,
        ON_FAILURE
    }
}
