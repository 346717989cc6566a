package dev.lockstep.runtime.container;

import java.time.Duration;
import java.time.Instant;

/** What becomes of a container whose process ended. Pure: the agent and {@code container-exit} decide alike. */
public sealed interface RestartDecision {
    /** First delay, and the one after a run that lasted. */
    Duration SHORTEST = Duration.ofMillis(100);

    /** The delay stops doubling here. */
    Duration LONGEST = Duration.ofMinutes(1);

    /** A run of this length counts as a success and resets the delay. */
    Duration LASTING = Duration.ofSeconds(10);

    /** It is started again when {@code after} has passed since it ended. */
    record Restart(Duration after) implements RestartDecision {
        /**
         * How long to wait yet for one that ended then. Never longer than {@link #after}: the clock may have been set
         * back since.
         */
        public Duration wait(Instant ended, Instant now) {
            var left = after.minus(Duration.between(ended, now));
            return left.isNegative() ? Duration.ZERO : left.compareTo(after) > 0 ? after : left;
        }
    }

    /** It stays as it is; {@code why} is a sentence for people. */
    record Stay(String why) implements RestartDecision {}

    /** Docker's rules, for a container that has ended; with delay and window those of Compose's {@code deploy}. */
    static RestartDecision decide(RestartPolicy policy, int exitCode, Life life) {
        if (life.stoppedByUser()) {
            return new Stay("it was stopped by hand");
        }
        var due = switch (policy.condition()) {
            case NO -> false;
            case ALWAYS, UNLESS_STOPPED -> true;
            case ON_FAILURE -> exitCode != 0;
        };
        if (!due) {
            return new Stay(
                    policy.condition() == RestartPolicy.Condition.NO
                            ? "its restart policy is \"no\""
                            : "it ended with exit code 0, and its restart policy is \"on-failure\"");
        }
        if (policy.maxRetries() > 0 && failedStarts(policy, life) >= policy.maxRetries()) {
            return new Stay("it failed after " + policy.maxRetries() + " automatic starts, the limit of its policy");
        }
        return new Restart(policy.delay()
                .map(delay -> delay.compareTo(SHORTEST) < 0 ? SHORTEST : delay)
                .orElseGet(() -> nextDelay(life.delay(), life.ran())));
    }

    /** Automatic starts that count towards the limit of the policy, the one of the last run included. */
    static int failedStarts(RestartPolicy policy, Life life) {
        var automatic = !life.delay().isZero();
        var succeeded =
                policy.window().filter(w -> life.ran().compareTo(w) >= 0).isPresent();
        return automatic && succeeded ? Math.max(0, life.startsInARow() - 1) : life.startsInARow();
    }

    /** 100 ms, doubled each time up to a minute; from the beginning after a run of ten seconds. */
    static Duration nextDelay(Duration previousDelay, Duration ran) {
        if (previousDelay.isZero() || ran.compareTo(LASTING) >= 0) {
            return SHORTEST;
        }
        var doubled = previousDelay.multipliedBy(2);
        return doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
    }
}
