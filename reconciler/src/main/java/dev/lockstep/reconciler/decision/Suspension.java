package dev.lockstep.reconciler.decision;

import java.time.Instant;
import java.util.Optional;

/**
 * A person asked for a stack, or the host, to be left as it is.
 *
 * @param by who, as the host knows people
 * @param since when it was first asked for
 */
public record Suspension(Optional<String> reason, String by, Instant since) {
    /** For people: {@code suspended by anna: new disks}. */
    public String sentence(boolean host) {
        return (host ? "the host is suspended by " : "suspended by ")
                + by
                + reason.map(r -> ": " + r).orElse("");
    }
}
