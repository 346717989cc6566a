package dev.lockstep.runtime.container;

import java.util.List;
import java.util.Optional;

/**
 * What a container has in its file system beside its mounts.
 *
 * @param shmSize bytes of {@code /dev/shm}; absent: 64 MiB
 * @param volumesFrom containers whose mounts it gets as well; its own win
 */
public record StorageOptions(Optional<Long> shmSize, List<VolumesFrom> volumesFrom) {
    /** Nothing. */
    public static final StorageOptions NONE = new StorageOptions(Optional.empty(), List.of());

    /**
     * All mounts of another container of this root that are not memory.
     *
     * @param container its name or id
     * @param readOnly absent: as the other one has them
     */
    public record VolumesFrom(String container, Optional<Boolean> readOnly) {}

    public StorageOptions {
        volumesFrom = List.copyOf(volumesFrom);
    }
}
