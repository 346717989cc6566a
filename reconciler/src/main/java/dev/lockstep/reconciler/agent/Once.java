package dev.lockstep.reconciler.agent;

import java.util.Optional;

/**
 * What a person asks of an agent that looks once, in the words of {@code sync}.
 *
 * @param moved the beginning of a commit that a ref was moved to, and that it is to be followed to
 * @param retry try again also a revision that was left because it failed
 * @param now also outside of the windows in which stacks may be changed
 */
public record Once(Optional<String> moved, boolean retry, boolean now) {
    private static final String COMMAND = "command";

    /** Why the stacks are looked at. */
    String trigger() {
        return COMMAND + (retry ? " " + Reconciliation.RETRY : "") + (now ? " " + Permission.NOW : "");
    }

    /** Whether that is why. */
    static boolean isWhy(String trigger) {
        return trigger.startsWith(COMMAND);
    }

    /** For a second look, after a build that a stack waited for: what failed at the first one is not tried twice. */
    Once again() {
        return new Once(Optional.empty(), false, now);
    }
}
