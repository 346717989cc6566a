package dev.lockstep.reconciler.git;

import java.util.Optional;

/**
 * Where a remote's ref points now, as the remote advertised it.
 *
 * @param ref full name of the ref, or the commit id itself when that is what was asked for
 * @param commit id of the commit, tags peeled where the remote says what they peel to
 * @param tag id of the annotated tag object, if the ref is one
 */
public record RemoteTip(String ref, String commit, Optional<String> tag) {
    public RemoteTip {
        ObjectName.check(commit);
        tag.ifPresent(ObjectName::check);
    }
}
