package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.deploy.HostState;
import dev.lockstep.reconciler.deploy.PlanOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * All that a comparison was made of which found a stack well and nothing to do. As long as that is the same, another
 * one finds the same, and it is enough to look at the host: loading and planning the files again takes several times as
 * long. Not for ever, since plans also read what is not kept here: keys of signatures, links on the way to what is
 * mounted, the host's tools.
 *
 * @param host as it was just before
 * @param nextLook when an image is to be looked up again
 * @param since when that was; after {@link #LONGEST} everything is compared again
 */
record Settled(CommitSource source, PlanOptions options, HostState host, Optional<Instant> nextLook, Instant since) {
    /** Ten times the usual time between two looks at the host. */
    static final Duration LONGEST = Duration.ofMinutes(10);

    /** Whether the host has to be as it was, and nothing else, for the same answer now. */
    boolean answers(CommitSource now, PlanOptions asked, Instant time) {
        return source.isSameAs(now)
                && options.equals(asked)
                // A clock that was ahead and was set right would put off the end for as long as it was wrong.
                && !time.isBefore(since)
                && time.isBefore(since.plus(LONGEST))
                && nextLook.filter(next -> !time.isBefore(next)).isEmpty();
    }
}
