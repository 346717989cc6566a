package dev.lockstep.reconciler.review;

import java.util.List;
import java.util.Set;

/**
 * A stack that leaves hosts and comes to others.
 *
 * @param volumes that stay behind on the hosts that it leaves
 */
public record Move(String stack, Set<String> from, Set<String> to, List<String> volumes) {
    public Move {
        volumes = List.copyOf(volumes);
    }

    /** What the reader has to know. */
    public String sentence() {
        return "stack " + stack + " moves from " + String.join(", ", from) + " to " + String.join(", ", to)
                + (volumes.isEmpty()
                        ? "; it has no volumes"
                        : "; its volumes stay where they are, and it begins with empty ones: "
                                + String.join(", ", volumes)
                                + ". 'lockstep volume export' and 'import' carry over what is in them");
    }
}
