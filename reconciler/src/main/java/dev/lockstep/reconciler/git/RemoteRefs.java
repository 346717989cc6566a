package dev.lockstep.reconciler.git;

import java.util.List;

/**
 * One answer of a remote.
 *
 * @param tip where the followed ref points
 * @param refs branches and tags beside it, as far as they were asked for, by name
 */
public record RemoteRefs(RemoteTip tip, List<RemoteRef> refs) {
    public RemoteRefs {
        refs = List.copyOf(refs);
    }
}
