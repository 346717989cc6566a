package dev.lockstep.runtime.container;

import dev.lockstep.runtime.oci.IdRange;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What the engine filled in where {@link ContainerOptions} say nothing.
 *
 * @param shmSize bytes of {@code /dev/shm}
 * @param apparmor the profile; absent: none
 * @param inherited mounts of other containers, as those had them when this one was made
 * @param ids of the host that its users have; absent: the host's own
 * @param imageLabels of the image, as it was when the container was made
 */
public record EffectiveOptions(
        boolean noNewPrivileges,
        int oomScoreAdj,
        long shmSize,
        Optional<String> apparmor,
        List<MountSpec> inherited,
        Optional<IdRange> ids,
        Map<String, String> imageLabels) {
    /** As Docker has it. */
    public static final long SHM_SIZE = 64L << 20;

    /** Where nothing was asked for. */
    public static final EffectiveOptions DEFAULT =
            new EffectiveOptions(false, 0, SHM_SIZE, Optional.empty(), List.of(), Optional.empty(), Map.of());

    public EffectiveOptions {
        inherited = List.copyOf(inherited);
        // A record of an earlier version has none.
        ids = Objects.requireNonNullElse(ids, Optional.empty());
        imageLabels = Map.copyOf(Objects.requireNonNullElse(imageLabels, Map.of()));
    }
}
