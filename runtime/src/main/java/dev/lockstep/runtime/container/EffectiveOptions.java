package dev.lockstep.runtime.container;

import java.util.List;
import java.util.Optional;

/**
 * What the engine filled in where {@link ContainerOptions} say nothing.
 *
 * @param shmSize bytes of {@code /dev/shm}
 * @param apparmor the profile; absent: none
 * @param inherited mounts of other containers, as those had them when this one was made
 */
public record EffectiveOptions(
        boolean noNewPrivileges, int oomScoreAdj, long shmSize, Optional<String> apparmor, List<MountSpec> inherited) {
    /** As Docker has it. */
    public static final long SHM_SIZE = 64L << 20;

    /** Where nothing was asked for. */
    public static final EffectiveOptions DEFAULT =
            new EffectiveOptions(false, 0, SHM_SIZE, Optional.empty(), List.of());

    public EffectiveOptions {
        inherited = List.copyOf(inherited);
    }
}
