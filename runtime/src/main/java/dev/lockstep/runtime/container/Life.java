package dev.lockstep.runtime.container;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * The runs of a container so far; survives reboots.
 *
 * @param startedAt start of the last run
 * @param exit end of the last run, absent while it runs, when it never ran, and until somebody looked
 * @param wanted whether it ran, or should have, when we last heard: such a container starts again after a reboot if its
 *     policy says so. Still so when its policy asked for a start and that failed
 * @param stoppedByUser a person stopped or killed it; set before the signal is sent
 * @param restartCount automatic starts since it was made
 * @param startsInARow automatic starts since it was last started by hand, but for those that did not fail by the policy
 * @param delay waited before the last run; zero when that was no automatic start
 * @param error why the last start failed
 * @param madeAs the name that it was made with, when a person has given it another since
 * @param stoppedInBoot the boot in which a person stopped it, and no start has succeeded since: the policy "always"
 *     holds again in the next one
 */
public record Life(
        Optional<Instant> startedAt,
        Optional<ExitOutcome> exit,
        boolean wanted,
        boolean stoppedByUser,
        int restartCount,
        int startsInARow,
        Duration delay,
        Optional<String> error,
        Optional<String> madeAs,
        Optional<String> stoppedInBoot) {
    /** Nothing happened yet. */
    public static final Life NEW = new Life(
            Optional.empty(),
            Optional.empty(),
            false,
            false,
            0,
            0,
            Duration.ZERO,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    /** Fills in what is not in the files of earlier versions. */
    public Life {
        madeAs = Objects.requireNonNullElse(madeAs, Optional.empty());
        stoppedInBoot = Objects.requireNonNullElse(stoppedInBoot, Optional.empty());
    }

    /** Somebody asked for a start: counters begin anew. */
    Life startedByHand(Instant now) {
        return new Life(
                Optional.of(now),
                Optional.empty(),
                true,
                false,
                restartCount,
                0,
                Duration.ZERO,
                Optional.empty(),
                madeAs,
                Optional.empty());
    }

    /** How long the last run lasted; zero when that is not known, and when the last start failed. */
    Duration ran() {
        return startedAt
                .filter(_ -> error.isEmpty())
                .flatMap(start -> exit.map(end -> Duration.between(start, end.finishedAt())))
                .filter(ran -> !ran.isNegative())
                .orElse(Duration.ZERO);
    }

    /**
     * The policy asked for a start, after that delay.
     *
     * @param failed starts before this one that count towards its limit
     */
    Life startedAgain(Instant now, Duration waited, int failed) {
        return new Life(
                Optional.of(now),
                Optional.empty(),
                true,
                false,
                restartCount + 1,
                failed + 1,
                waited,
                Optional.empty(),
                madeAs,
                Optional.empty());
    }

    Life stopping(String bootId) {
        return new Life(
                startedAt, exit, false, true, restartCount, startsInARow, delay, error, madeAs, Optional.of(bootId));
    }

    /** A person has given it another name; back to the first one undoes that. */
    Life renamed(String before, String name) {
        var first = madeAs.orElse(before);
        return new Life(
                startedAt,
                exit,
                wanted,
                stoppedByUser,
                restartCount,
                startsInARow,
                delay,
                error,
                first.equals(name) ? Optional.empty() : Optional.of(first),
                stoppedInBoot);
    }

    Life ended(ExitOutcome outcome) {
        return new Life(
                startedAt,
                Optional.of(outcome),
                wanted,
                stoppedByUser,
                restartCount,
                startsInARow,
                delay,
                error,
                madeAs,
                stoppedInBoot);
    }

    /**
     * The start did not succeed. One that nobody waits for, its policy asked for it, leaves it as wanted as it was, so
     * that it is tried again; and what "always" owes to the next boot it still does.
     */
    Life failedToStart(Life before, String why) {
        var automatic = !delay.isZero();
        return new Life(
                before.startedAt,
                before.exit,
                automatic && before.wanted,
                automatic ? before.stoppedByUser : stoppedByUser, // by us, when a hook failed
                restartCount,
                startsInARow,
                delay,
                Optional.of(why),
                madeAs,
                before.stoppedInBoot);
    }
}
