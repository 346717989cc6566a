package dev.lockstep.reconciler.agent;

import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/** Has images built that a stack wants and that no push has had built on this host. */
@FunctionalInterface
interface WantedBuilds {
    /** Nobody builds. */
    WantedBuilds NONE = (_, _) -> Map.of();

    /**
     * Orders their builds. What was ordered is found among the records of builds when this returns.
     *
     * @param source the stack at the commit that wants them
     * @return for those that cannot be built why, a sentence without its end
     */
    Map<ImageReference, String> order(CommitSource source, Set<ImageReference> images) throws IOException;
}
