package dev.lockstep.runtime.container;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What a container has in its file system beside its mounts.
 *
 * @param shmSize bytes of {@code /dev/shm}; absent: 64 MiB
 * @param volumesFrom containers whose mounts it gets as well; its own win
 * @param size bytes that it may write into its root file system; absent: as many as there are
 */
public record StorageOptions(Optional<Long> shmSize, List<VolumesFrom> volumesFrom, Optional<Long> size) {
    /** Nothing. */
    public static final StorageOptions NONE = new StorageOptions(Optional.empty(), List.of(), Optional.empty());

    /**
     * All mounts of another container of this root that are not memory.
     *
     * @param container its name or id
     * @param readOnly whether none may be written to; false or absent: as the other one has them
     */
    public record VolumesFrom(String container, Optional<Boolean> readOnly) {}

    public StorageOptions {
        volumesFrom = List.copyOf(volumesFrom);
        // A record of an earlier version has none.
        size = Objects.requireNonNullElse(size, Optional.empty());
    }

    /** The same where the containers whose mounts it gets are called otherwise. */
    public StorageOptions renamed(UnaryOperator<String> names) {
        return new StorageOptions(
                shmSize,
                volumesFrom.stream()
                        .map(from -> new VolumesFrom(names.apply(from.container()), from.readOnly()))
                        .toList(),
                size);
    }

    /** Without a limit of what it writes. */
    public StorageOptions(Optional<Long> shmSize, List<VolumesFrom> volumesFrom) {
        this(shmSize, volumesFrom, Optional.empty());
    }
}
