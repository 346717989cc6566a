package dev.lockstep.runtime.container;

import java.util.Optional;

/**
 * Limits as a cgroup has them, on both versions of cgroups; absent means unlimited.
 *
 * @param memory bytes
 * @param memorySwap bytes of memory and swap together; version 2 of cgroups keeps the difference
 * @param memoryReservation bytes
 * @param cpuQuota microseconds of processor time in each period
 * @param cpuPeriod microseconds
 * @param pids processes and threads
 */
public record Limits(
        Optional<Long> memory,
        Optional<Long> memorySwap,
        Optional<Long> memoryReservation,
        Optional<Long> cpuQuota,
        Optional<Long> cpuPeriod,
        Optional<Long> pids) {
    /** Docker's period; shorter ones cost more for the same share. */
    static final long PERIOD_MICROS = 100_000;

    /**
     * What Docker makes of the same request: as much swap as memory, a period of 100 ms.
     *
     * @throws IllegalArgumentException when the kernel would refuse a value
     */
    public static Limits of(Resources asked) {
        asked.memory().filter(bytes -> bytes < 6 << 20).ifPresent(bytes -> {
            throw new IllegalArgumentException("the memory limit must be at least 6 MiB, got " + bytes + " bytes");
        });
        var quota = asked.nanoCpus().map(nano -> Math.max(1000, nano * PERIOD_MICROS / 1_000_000_000));
        return new Limits(
                asked.memory(),
                asked.memory().map(bytes -> 2 * bytes),
                asked.memoryReservation(),
                quota,
                quota.map(q -> PERIOD_MICROS),
                asked.pids().filter(n -> n > 0));
    }
}
