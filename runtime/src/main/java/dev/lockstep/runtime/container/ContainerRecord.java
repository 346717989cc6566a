package dev.lockstep.runtime.container;

import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.volume.VolumeRecord;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

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

    /** Whether it is meant by that: its name, or its id or the beginning of that. */
    boolean isCalled(String nameOrId) {
        return spec.name().equals(nameOrId) || id.startsWith(nameOrId);
    }

    /**
     * The place that it fills, whose addresses and nameless volumes go from one container to the next: its service, or
     * where it is of none itself, since another one may have its name tomorrow.
     */
    String place() {
        return spec.service().isEmpty() ? id : spec.service();
    }

    /** Whose its addresses are. */
    public LeaseKey leaseKey() {
        return new LeaseKey(spec.owner().stack(), place(), spec.slot());
    }

    /** What it became; not to be asked while the container is being created. */
    public Effective made() {
        return effective.orElseThrow(() -> new IllegalStateException("container " + spec.name() + " is not made yet"));
    }

    /** Its labels, sorted: those of its image and, over them, its own. */
    public SortedMap<String, String> labels() {
        var labels = new TreeMap<>(
                effective.map(made -> made.options().imageLabels()).orElse(Map.of()));
        labels.putAll(spec.labels());
        return Collections.unmodifiableSortedMap(labels);
    }

    /** Names of the volumes that it uses, also of those that it shares with others ({@code volumes_from}). */
    public Set<String> volumes() {
        var names = new TreeSet<String>();
        var inherited = effective.map(made -> made.options().inherited()).orElse(List.of());
        Stream.concat(spec.mounts().stream(), inherited.stream()).forEach(mount -> {
            if (mount instanceof MountSpec.Volume volume) {
                names.add(volume.name());
            }
        });
        effective.ifPresent(made -> names.addAll(made.anonymousVolumes().values()));
        return Collections.unmodifiableSet(names);
    }

    /**
     * Whether it has the volume, or is about to: the nameless volumes of its slot are there before the record of one
     * that is being made says so.
     */
    public boolean uses(VolumeRecord volume) {
        return volumes().contains(volume.spec().name())
                || phase == Phase.CREATING && volume.slot().filter(this::isAt).isPresent();
    }

    private boolean isAt(VolumeRecord.Slot slot) {
        return slot.stack().equals(spec.owner().stack())
                && slot.service().equals(place())
                && slot.number() == spec.slot();
    }

    ContainerRecord in(Phase next) {
        return new ContainerRecord(id, spec, effective, next, createdAt);
    }

    ContainerRecord with(ContainerSpec newSpec, Effective newEffective) {
        return new ContainerRecord(id, newSpec, Optional.of(newEffective), phase, createdAt);
    }
}
