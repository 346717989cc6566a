package dev.lockstep.runtime.container;

import dev.lockstep.runtime.oci.HostDevices;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Limits as a cgroup has them, on both versions of cgroups; absent means unlimited, or what the kernel gives everybody.
 *
 * @param memory bytes
 * @param memorySwap bytes of memory and swap together; version 2 of cgroups keeps the difference
 * @param memoryReservation bytes
 * @param cpuQuota microseconds of processor time in each period
 * @param cpuPeriod microseconds
 * @param pids processes and threads
 * @param cpuShares weight, absent: 1024
 * @param cpuset processors; absent: all of the host
 * @param realtimePeriod microseconds; version 1 alone
 * @param realtimeRuntime microseconds; version 1 alone
 * @param swappiness absent: the host's; version 1 alone
 * @param oomKillDisable version 1 alone
 * @param blockIo with devices as {@code major:minor}
 */
public record Limits(
        Optional<Long> memory,
        Optional<Long> memorySwap,
        Optional<Long> memoryReservation,
        Optional<Long> cpuQuota,
        Optional<Long> cpuPeriod,
        Optional<Long> pids,
        Optional<Long> cpuShares,
        Optional<String> cpuset,
        Optional<Long> realtimePeriod,
        Optional<Long> realtimeRuntime,
        Optional<Long> swappiness,
        boolean oomKillDisable,
        BlockIo blockIo) {
    /** Docker's period; shorter ones cost more for the same share. */
    static final long PERIOD_MICROS = 100_000;

    /** What the kernel gives every cgroup. */
    static final long SHARES = 1024;

    private static final long LEAST_MEMORY = 6L << 20;

    public Limits {
        // A record of an earlier version has none.
        blockIo = Objects.requireNonNullElse(blockIo, BlockIo.NONE);
    }

    /** Memory, processor time and processes alone. */
    public Limits(
            Optional<Long> memory,
            Optional<Long> memorySwap,
            Optional<Long> memoryReservation,
            Optional<Long> cpuQuota,
            Optional<Long> cpuPeriod,
            Optional<Long> pids) {
        this(
                memory,
                memorySwap,
                memoryReservation,
                cpuQuota,
                cpuPeriod,
                pids,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                BlockIo.NONE);
    }

    /**
     * What Docker makes of the same request: as much swap as memory, a period of 100 ms. Looks at the host's devices
     * where some are named.
     *
     * @throws IllegalArgumentException when the kernel would refuse a value, or there is no such device
     */
    public static Limits of(Resources asked) {
        check(asked);
        var period = asked.cpuPeriod().filter(p -> p > 0);
        var quota = asked.nanoCpus()
                .map(nano -> Math.max(1000, nano * PERIOD_MICROS / 1_000_000_000))
                .or(() -> asked.cpuQuota().filter(q -> q > 0));
        var swap = asked.memorySwap()
                .filter(bytes -> bytes != 0)
                .or(() -> asked.memory().map(bytes -> 2 * bytes))
                .filter(bytes -> bytes > 0);
        return new Limits(
                asked.memory(),
                swap,
                asked.memoryReservation(),
                quota,
                quota.map(q -> period.orElse(PERIOD_MICROS)),
                asked.pids().filter(n -> n > 0),
                // The kernel does the same with numbers outside (sched_group_set_shares in kernel/sched/fair.c).
                asked.cpuShares()
                        .filter(s -> s > 0)
                        .map(s -> Math.clamp(s, 2, 262_144))
                        .map(Long::valueOf)
                        .filter(s -> s != SHARES),
                asked.cpuset(),
                asked.realtimePeriod().filter(n -> n > 0),
                asked.realtimeRuntime().filter(n -> n > 0),
                asked.swappiness(),
                asked.oomKillDisable(),
                numbered(asked.blockIo()));
    }

    private static void check(Resources asked) {
        asked.memory().filter(bytes -> bytes < LEAST_MEMORY).ifPresent(bytes -> {
            throw new IllegalArgumentException("the memory limit must be at least 6 MiB, got " + bytes + " bytes");
        });
        asked.memorySwap().filter(bytes -> bytes > 0).ifPresent(bytes -> {
            var memory = asked.memory()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "a limit of memory and swap together needs one of memory too; set mem_limit"));
            if (bytes < memory) {
                throw new IllegalArgumentException("the limit of memory and swap together, " + bytes
                        + " bytes, is below that of memory, " + memory + " bytes");
            }
        });
        if (asked.nanoCpus().isPresent()
                && (asked.cpuQuota().isPresent() || asked.cpuPeriod().isPresent())) {
            throw new IllegalArgumentException("cpus says what cpu_quota and cpu_period say; set one of them");
        }
        asked.swappiness().filter(s -> s < 0 || s > 100).ifPresent(s -> {
            throw new IllegalArgumentException("swappiness is between 0 and 100, got " + s);
        });
        asked.realtimeRuntime()
                .filter(runtime -> runtime > asked.realtimePeriod().orElse(1_000_000L))
                .ifPresent(runtime -> {
                    throw new IllegalArgumentException("the real-time runtime of " + runtime
                            + " µs is longer than its period of "
                            + asked.realtimePeriod().orElse(1_000_000L) + " µs");
                });
    }

    private static BlockIo numbered(BlockIo asked) {
        return new BlockIo(
                asked.weight().filter(w -> w > 0),
                numbered(asked.weights()),
                numbered(asked.readBytes()),
                numbered(asked.readOperations()),
                numbered(asked.writeBytes()),
                numbered(asked.writeOperations()));
    }

    private static Map<String, Long> numbered(Map<String, Long> byPath) {
        var byNumber = new TreeMap<String, Long>();
        byPath.forEach((path, value) -> {
            if (value > 0) {
                byNumber.put(HostDevices.blockDevice(Path.of(path)).toString(), value);
            }
        });
        return byNumber;
    }
}
