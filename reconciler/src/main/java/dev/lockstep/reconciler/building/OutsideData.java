package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredVolume;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.volume.LocalMount;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Data that a stack for a test would share with others of the host: a database that is started for a test must not be
 * started on what another one has. Pure.
 */
final class OutsideData {
    private OutsideData() {}

    /**
     * What services could write to that does not go with the test, each a sentence without its end with the service and
     * the place; what they can only read may be everybody's.
     *
     * @param tested the service that is tested, whose mounts the author of the test knows
     */
    static List<String> writable(Desired desired, String tested) {
        var own = desired.services().stream()
                .flatMap(service -> service.slots().stream())
                .map(slot -> slot.spec().name())
                .collect(Collectors.toSet());
        return desired.services().stream()
                .filter(service -> !service.name().equals(tested))
                .flatMap(service -> service.slots().stream()
                        .limit(1)
                        .flatMap(slot -> places(desired, own, slot.spec()))
                        .map(place -> "service \"" + service.name() + "\" could write to " + place))
                .toList();
    }

    private static Stream<String> places(Desired desired, Set<String> own, ContainerSpec spec) {
        return Stream.concat(
                spec.mounts().stream()
                        .flatMap(mount -> place(desired, mount).stream()
                                .map(place -> place + ", which it has at " + mount.target())),
                spec.options().storage().volumesFrom().stream()
                        .filter(from -> !own.contains(from.container())
                                && !from.readOnly().orElse(false))
                        .map(from ->
                                "what container " + from.container() + " has mounted, which it has by volumes_from"));
    }

    private static Optional<String> place(Desired desired, MountSpec mount) {
        return switch (mount) {
            case MountSpec.Bind bind ->
                // What is the repository's is known by its stack and its path there.
                bind.identity().startsWith("/") && isWritable(bind)
                        ? Optional.of(bind.source() + " of this host")
                        : Optional.empty();
            case MountSpec.Volume volume
            when !volume.readOnly() ->
                desired.volumes().stream()
                        .filter(one -> one.spec().name().equals(volume.name()))
                        .findFirst()
                        .map(OutsideData::place)
                        // Of a container that is no service of the stack.
                        .orElse(Optional.of("the volume " + volume.name() + " of others"));
            case MountSpec.Volume _,
                    MountSpec.Anonymous _,
                    MountSpec.Tmpfs _,
                    MountSpec.OfImage _,
                    MountSpec.Content _ -> Optional.empty();
        };
    }

    /** What is mounted below it counts as well. */
    private static boolean isWritable(MountSpec.Bind bind) {
        return !bind.readOnly() || bind.options().recursion() == MountSpec.Recursion.WRITABLE;
    }

    private static Optional<String> place(DesiredVolume volume) {
        return volume.external()
                ? Optional.of("the external volume " + volume.spec().name())
                : volume.spec()
                        .mount()
                        .filter(Predicate.not(LocalMount::isFleeting))
                        .map(mount -> mount.device() + ", which is volume " + volume.key());
    }
}
