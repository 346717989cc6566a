package dev.lockstep.reconciler.plan;

import dev.lockstep.runtime.network.PublishedPort;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@link Facts} of which a test names only what it is about. */
final class GivenFacts {
    private boolean followed;
    private boolean prune;
    private boolean removeVolumes;
    private boolean forceRecreate;
    private Set<String> leftAlone = Set.of();
    private Map<PublishedPort, String> portObstacles = Map.of();
    private Map<String, String> subnetConflicts = Map.of();
    private Map<String, String> otherEngines = Map.of();
    private Map<String, Long> memoryUse = Map.of();
    private List<String> missing = List.of();
    private Secrets secrets = Secrets.NONE;
    private Wishes wishes = Wishes.NONE;
    private Set<String> formerly = Set.of();

    GivenFacts followed() {
        followed = true;
        return this;
    }

    GivenFacts prune() {
        prune = true;
        return this;
    }

    GivenFacts removeVolumes(boolean given) {
        removeVolumes = given;
        return this;
    }

    GivenFacts forceRecreate() {
        forceRecreate = true;
        return this;
    }

    GivenFacts leftAlone(Set<String> given) {
        leftAlone = given;
        return this;
    }

    GivenFacts portObstacles(Map<PublishedPort, String> given) {
        portObstacles = given;
        return this;
    }

    GivenFacts subnetConflicts(Map<String, String> given) {
        subnetConflicts = given;
        return this;
    }

    GivenFacts otherEngines(Map<String, String> given) {
        otherEngines = given;
        return this;
    }

    GivenFacts memoryUse(Map<String, Long> given) {
        memoryUse = given;
        return this;
    }

    GivenFacts missing(List<String> given) {
        missing = given;
        return this;
    }

    GivenFacts secrets(Secrets given) {
        secrets = given;
        return this;
    }

    GivenFacts wishes(Wishes given) {
        wishes = given;
        return this;
    }

    GivenFacts formerly(Set<String> given) {
        formerly = given;
        return this;
    }

    Facts facts() {
        return new Facts(
                followed,
                prune,
                removeVolumes,
                forceRecreate,
                leftAlone,
                portObstacles,
                subnetConflicts,
                otherEngines,
                memoryUse,
                missing,
                secrets,
                wishes,
                formerly);
    }
}
