package dev.lockstep.runtime.container;

import java.util.Optional;

/**
 * Limits; absent means unlimited.
 *
 * @param nanoCpus processors × 10⁹
 * @param memory bytes, at least 6 MiB
 * @param memoryReservation bytes that the kernel tries to leave the container, below {@code memory}
 * @param pids processes and threads
 */
public record Resources(
        Optional<Long> nanoCpus, Optional<Long> memory, Optional<Long> memoryReservation, Optional<Long> pids) {
    /** No limits. */
    public static final Resources UNLIMITED =
            new Resources(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
}
