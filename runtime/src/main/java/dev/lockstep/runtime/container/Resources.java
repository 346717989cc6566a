package dev.lockstep.runtime.container;

import java.util.Objects;
import java.util.Optional;

/**
 * Limits; absent means unlimited.
 *
 * @param nanoCpus processors × 10⁹; not beside {@code cpuQuota} and {@code cpuPeriod}
 * @param memory bytes, at least 6 MiB
 * @param memoryReservation bytes that the kernel tries to leave the container, below {@code memory}
 * @param pids processes and threads
 * @param cpuQuota microseconds of processor time in each period
 * @param cpuPeriod microseconds
 * @param cpuShares weight beside others, 2 to 262144; 1024 is everybody's
 * @param cpuset processors that may be used, as the kernel writes them: {@code 0-2,5}
 * @param realtimePeriod microseconds, of real-time processes
 * @param realtimeRuntime microseconds in each {@code realtimePeriod}
 * @param memorySwap bytes of memory and swap together, −1: any swap; absent: as much swap as memory
 * @param swappiness 0 to 100
 * @param oomKillDisable wait at the memory limit in place of being killed
 */
public record Resources(
        Optional<Long> nanoCpus,
        Optional<Long> memory,
        Optional<Long> memoryReservation,
        Optional<Long> pids,
        Optional<Long> cpuQuota,
        Optional<Long> cpuPeriod,
        Optional<Long> cpuShares,
        Optional<String> cpuset,
        Optional<Long> realtimePeriod,
        Optional<Long> realtimeRuntime,
        Optional<Long> memorySwap,
        Optional<Long> swappiness,
        boolean oomKillDisable,
        BlockIo blockIo) {
    /** No limits. */
    public static final Resources UNLIMITED =
            new Resources(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    public Resources {
        // A record of an earlier version has none.
        blockIo = Objects.requireNonNullElse(blockIo, BlockIo.NONE);
    }

    /** The four that are asked for most. */
    public Resources(
            Optional<Long> nanoCpus, Optional<Long> memory, Optional<Long> memoryReservation, Optional<Long> pids) {
        this(
                nanoCpus,
                memory,
                memoryReservation,
                pids,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                BlockIo.NONE);
    }

    /** The same with another number of processes and threads. */
    public Resources withPids(Optional<Long> other) {
        return copy(other, blockIo);
    }

    /** The same without limits of devices: for who wants to check the rest and is on no host. */
    public Resources withoutDevices() {
        return copy(pids, BlockIo.NONE);
    }

    private Resources copy(Optional<Long> itsPids, BlockIo itsBlockIo) {
        return new Resources(
                nanoCpus,
                memory,
                memoryReservation,
                itsPids,
                cpuQuota,
                cpuPeriod,
                cpuShares,
                cpuset,
                realtimePeriod,
                realtimeRuntime,
                memorySwap,
                swappiness,
                oomKillDisable,
                itsBlockIo);
    }
}
