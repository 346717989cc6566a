package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * Limits and reservations of a service's containers; each container gets them in full.
 *
 * @param cpus the most CPU time, in CPUs; fractions are allowed
 * @param pids the most processes and threads; −1 is no limit
 * @param memoryReservation what the kernel tries to leave under memory pressure
 */
public record Resources(
        Optional<Decimal> cpus,
        Optional<ByteSize> memoryLimit,
        Optional<Long> pids,
        Optional<Decimal> reservedCpus,
        Optional<ByteSize> memoryReservation) {
    /** Nothing limited, nothing reserved. */
    public static final Resources NONE =
            new Resources(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
}
