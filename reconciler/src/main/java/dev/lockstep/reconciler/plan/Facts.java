package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.runtime.network.PublishedPort;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the planner has to know beside the two pictures.
 *
 * @param followed an agent follows the stack: its containers are wanted to run, {@code restart: "no"} is kept to the
 *     letter, and what the files no longer name goes
 * @param prune remove containers and networks that the files no longer name
 * @param removeVolumes remove named volumes that the files no longer name; only ever by a person's order
 * @param forceRecreate replace containers although nothing changed
 * @param leftAlone ids of containers that somebody else starts (a restart policy that waits), or that were started too
 *     often: not started by this plan
 * @param portObstacles what keeps the stack from a port that it wants to publish, as the rest of a sentence about it:
 *     {@code is in use by process 812 (nginx)}; only ports that it cannot have
 * @param subnetConflicts by name of a network that has to be made, or made anew: what its subnet overlaps, in words
 * @param otherEngines by name of a container that has to be made: which other engine has one of that name, in words
 * @param memoryUse by id of a container whose memory limit is lowered: bytes that it uses now
 * @param missing what the host lacks to run containers, a sentence for each thing
 * @param secrets what never shows, beside variables whose names say so
 * @param wishes what a person asked for beside the files
 * @param formerly URLs that the stack's repository had before
 */
public record Facts(
        boolean followed,
        boolean prune,
        boolean removeVolumes,
        boolean forceRecreate,
        Set<String> leftAlone,
        Map<PublishedPort, String> portObstacles,
        Map<String, String> subnetConflicts,
        Map<String, String> otherEngines,
        Map<String, Long> memoryUse,
        List<String> missing,
        Secrets secrets,
        Wishes wishes,
        Set<String> formerly) {
    public Facts {
        formerly = Set.copyOf(formerly);
        missing = List.copyOf(missing);
        leftAlone = Set.copyOf(leftAlone);
        portObstacles = Map.copyOf(portObstacles);
        subnetConflicts = Map.copyOf(subnetConflicts);
        otherEngines = Map.copyOf(otherEngines);
        memoryUse = Map.copyOf(memoryUse);
    }

    /** On a host that lacks nothing. */
    public Facts(
            boolean followed,
            boolean prune,
            boolean removeVolumes,
            boolean forceRecreate,
            Set<String> leftAlone,
            Map<PublishedPort, String> portObstacles,
            Map<String, String> subnetConflicts,
            Secrets secrets) {
        this(
                followed,
                prune,
                removeVolumes,
                forceRecreate,
                leftAlone,
                portObstacles,
                subnetConflicts,
                Map.of(),
                Map.of(),
                List.of(),
                secrets,
                Wishes.NONE,
                Set.of());
    }

    /** What the stack sees as its own. */
    Ownership ownership(Desired desired) {
        return new Ownership(desired.owner(), formerly);
    }

    /** A person applies; nothing is special. */
    public static Facts none() {
        return new Facts(false, false, false, false, Set.of(), Map.of(), Map.of(), Secrets.NONE);
    }
}
