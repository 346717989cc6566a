package dev.lockstep.reconciler.git;

import java.util.List;
import java.util.Optional;

/**
 * What a fetch brought.
 *
 * @param revision where the ref points now; where it stays, if its move is refused
 * @param refused where the ref points on the remote, if it is not followed there
 * @param previous the commit that this clone had for the ref before, absent at the first fetch
 * @param forced the new commit does not descend from the previous one: a force push, a moved or replaced tag
 * @param notes sentences for the log and the status (clone made again, stale locks removed); usually none
 */
public record FetchResult(
        Revision revision,
        Optional<RefusedMove> refused,
        Optional<String> previous,
        boolean forced,
        List<String> notes) {
    public FetchResult {
        notes = List.copyOf(notes);
    }

    /** True when the ref points elsewhere than at the last fetch. */
    public boolean changed() {
        return !previous.equals(Optional.of(revision.commit()));
    }
}
