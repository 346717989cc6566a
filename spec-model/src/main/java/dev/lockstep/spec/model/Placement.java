package dev.lockstep.spec.model;

import java.util.List;
import java.util.Optional;

/**
 * Which hosts a service may run on.
 *
 * @param constraints such as {@code node.labels.disktype==ssd}
 * @param spread labels to spread containers over evenly; one of a preference that names none is empty
 * @param maxReplicasPerNode 0 is no limit
 */
public record Placement(List<String> constraints, List<Optional<String>> spread, long maxReplicasPerNode) {
    public Placement {
        constraints = List.copyOf(constraints);
        spread = List.copyOf(spread);
    }
}
