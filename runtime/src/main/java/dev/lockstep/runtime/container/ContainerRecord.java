package dev.lockstep.runtime.container;

import java.time.Instant;
import java.util.Optional;

/**
 * What is on disk about a container: written before the first thing is made, and gone after the last is removed.
 *
 * @param id 64 hexadecimal digits by chance; every kernel name of the container derives from it
 * @param effective absent only while {@link Phase#CREATING}
 */
public record ContainerRecord(
        String id, ContainerSpec spec, Optional<Effective> effective, Phase phase, Instant createdAt) {
    /** How far making or removing it has come. */
    public enum Phase {
        /** Some of it may exist; after a crash it is removed. */
        CREATING,
        /** All of it exists. Whether it runs is another question. */
        CREATED,
        /** Some of it may be gone; after a crash the rest is removed too. */
        REMOVING
    }

    /** The first 12 digits: enough for people, and the default host name. */
    public String shortId() {
        return id.substring(0, 12);
    }

    /** What it became; not to be asked while the container is being created. */
    public Effective made() {
        return effective.orElseThrow(() -> new IllegalStateException("container " + spec.name() + " is not made yet"));
    }

    ContainerRecord in(Phase next) {
        return new ContainerRecord(id, spec, effective, next, createdAt);
    }

    ContainerRecord with(ContainerSpec newSpec, Effective newEffective) {
        return new ContainerRecord(id, newSpec, Optional.of(newEffective), phase, createdAt);
    }
}
