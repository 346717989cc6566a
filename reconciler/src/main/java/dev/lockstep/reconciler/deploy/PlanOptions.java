package dev.lockstep.reconciler.deploy;

import java.util.Set;

/**
 * What somebody asked of a plan beside the files.
 *
 * @param followed an agent follows the stack
 * @param removeOrphans remove containers of services that the files do not name
 * @param forceRecreate replace containers although nothing changed
 * @param leftAlone ids of containers that somebody else starts
 */
public record PlanOptions(boolean followed, boolean removeOrphans, boolean forceRecreate, Set<String> leftAlone) {
    /** What {@code lockstep plan} without options means. */
    public static final PlanOptions PLAIN = new PlanOptions(false, false, false, Set.of());

    public PlanOptions {
        leftAlone = Set.copyOf(leftAlone);
    }
}
