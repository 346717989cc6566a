package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/**
 * How much of the host each container may use; {@link Service#resources()} puts this and {@code deploy.resources}
 * together.
 *
 * @param pids the most processes and threads; −1 is no limit
 * @param blockIo limits of reading and writing
 * @param ulimits limits of each process, by name
 */
public record Limits(
        Cpu cpu, Memory memory, Optional<Long> pids, Optional<BlockIo> blockIo, Map<String, Ulimit> ulimits) {
    public Limits {
        ulimits = Copies.ordered(ulimits);
    }

    /**
     * Processor time.
     *
     * @param cpus the most, in CPUs; fractions are allowed
     * @param count CPUs that can be used (Windows)
     * @param percent of all CPUs (Windows), 0 to 100
     * @param shares weight beside others, 1024 unless set
     * @param period of the scheduler, in microseconds
     * @param quota microseconds of CPU time in each period
     * @param realtimePeriod the same for the real-time scheduler
     * @param realtimeRuntime the same for the real-time scheduler
     * @param set the CPUs that may be used
     */
    public record Cpu(
            Optional<Decimal> cpus,
            Optional<Long> count,
            Optional<Decimal> percent,
            Optional<Long> shares,
            Optional<Long> period,
            Optional<Long> quota,
            Optional<Long> realtimePeriod,
            Optional<Long> realtimeRuntime,
            Optional<Written<CpuSet>> set) {}

    /**
     * Memory.
     *
     * @param limit the most
     * @param reservation what the kernel tries to leave under memory pressure
     * @param swapLimit the most of memory and swap together; −1 is no limit of swap
     * @param swappiness how readily it is swapped, 0 to 100
     * @param shm size of {@code /dev/shm}
     * @param oomKillDisable do not kill when the limit is reached
     * @param oomScoreAdjustment who is killed first when the host has none left, −1000 (never) to 1000
     */
    public record Memory(
            Optional<ByteSize> limit,
            Optional<ByteSize> reservation,
            Optional<ByteSize> swapLimit,
            Optional<ByteSize> swappiness,
            Optional<ByteSize> shm,
            boolean oomKillDisable,
            Optional<Integer> oomScoreAdjustment) {}
}
