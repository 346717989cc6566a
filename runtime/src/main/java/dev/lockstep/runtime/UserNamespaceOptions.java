package dev.lockstep.runtime;

import dev.lockstep.runtime.oci.IdRange;
import java.util.Optional;

/**
 * What the host's owner says of users of containers.
 *
 * @param byDefault containers that say nothing have users of their own
 * @param range ids of the host that stacks get theirs from; absent: found on the host
 */
public record UserNamespaceOptions(boolean byDefault, Optional<IdRange> range) {
    /** Who asks has them. */
    public static final UserNamespaceOptions DEFAULT = new UserNamespaceOptions(false, Optional.empty());
}
