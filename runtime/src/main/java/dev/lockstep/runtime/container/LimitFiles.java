package dev.lockstep.runtime.container;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.Cgroup;
import java.io.IOException;
import java.util.Optional;

/**
 * Where each limit stands: in {@code linux.resources} of a bundle, in the files of cgroups version 1
 * (Documentation/admin-guide/cgroup-v1) and of version 2 (cgroup-v2.rst).
 */
final class LimitFiles {
    /** Version 1 says "no limit" with the largest number that is a multiple of a page. */
    private static final long UNLIMITED = 1L << 62;

    private LimitFiles() {}

    /** {@code linux.resources}. */
    static ObjectNode toOci(Limits limits, JsonMapper json) {
        var resources = json.createObjectNode();
        limits.memory().ifPresent(v -> resources.withObject("/memory").put("limit", v));
        limits.memorySwap().ifPresent(v -> resources.withObject("/memory").put("swap", v));
        limits.memoryReservation()
                .ifPresent(v -> resources.withObject("/memory").put("reservation", v));
        limits.cpuQuota().ifPresent(v -> resources.withObject("/cpu").put("quota", v));
        limits.cpuPeriod().ifPresent(v -> resources.withObject("/cpu").put("period", v));
        limits.pids().ifPresent(v -> resources.withObject("/pids").put("limit", v));
        return resources;
    }

    /** What the kernel has now; empty when the cgroup is gone. */
    static Optional<Limits> read(Cgroup cgroup) throws IOException {
        return cgroup.isUnified() ? readUnified(cgroup) : readVersion1(cgroup);
    }

    private static Optional<Limits> readVersion1(Cgroup cgroup) throws IOException {
        var memory = cgroup.read("memory", "memory.limit_in_bytes");
        var pids = cgroup.read("pids", "pids.max");
        if (memory.isEmpty() && pids.isEmpty()) {
            return Optional.empty();
        }
        var quota = number(cgroup.read("cpu", "cpu.cfs_quota_us"));
        return Optional.of(new Limits(
                number(memory),
                number(cgroup.read("memory", "memory.memsw.limit_in_bytes")),
                number(cgroup.read("memory", "memory.soft_limit_in_bytes")),
                quota,
                quota.isEmpty() ? Optional.empty() : number(cgroup.read("cpu", "cpu.cfs_period_us")),
                number(pids)));
    }

    private static Optional<Limits> readUnified(Cgroup cgroup) throws IOException {
        if (!cgroup.exists()) {
            return Optional.empty();
        }
        var memory = number(cgroup.read("memory", "memory.max"));
        var swap = number(cgroup.read("memory", "memory.swap.max"));
        var cpu = cgroup.read("cpu", "cpu.max").orElse("max").split(" ", -1);
        var quota = number(cpu[0]);
        return Optional.of(new Limits(
                memory,
                memory.isEmpty() ? Optional.empty() : swap.map(s -> s + memory.get()),
                number(cgroup.read("memory", "memory.low")).filter(v -> v > 0),
                quota,
                quota.isEmpty() || cpu.length < 2 ? Optional.empty() : number(cpu[1]),
                number(cgroup.read("pids", "pids.max"))));
    }

    private static Optional<Long> number(Optional<String> text) {
        return text.isEmpty() ? Optional.empty() : number(text.get());
    }

    /** Absent for every way to say "no limit". */
    private static Optional<Long> number(String text) {
        if (!text.matches("-?\\d{1,19}")) {
            return Optional.empty();
        }
        return Optional.of(Long.parseLong(text)).filter(v -> v >= 0 && v < UNLIMITED);
    }

    /** Bytes in use, for messages. */
    static Optional<Long> memoryInUse(Cgroup cgroup) throws IOException {
        return number(cgroup.read("memory", cgroup.isUnified() ? "memory.current" : "memory.usage_in_bytes"));
    }

    /**
     * Changes what differs.
     *
     * @throws IOException when the kernel refuses a value; those written before it stay
     */
    static void write(Cgroup cgroup, Limits now, Limits wanted) throws IOException {
        if (!now.cpuQuota().equals(wanted.cpuQuota()) || !now.cpuPeriod().equals(wanted.cpuPeriod())) {
            writeCpu(cgroup, wanted);
        }
        if (!now.memory().equals(wanted.memory()) || !now.memorySwap().equals(wanted.memorySwap())) {
            if (cgroup.isUnified()) {
                writeMemoryUnified(cgroup, wanted);
            } else {
                writeMemoryVersion1(cgroup, now, wanted);
            }
        }
        if (!now.memoryReservation().equals(wanted.memoryReservation())) {
            if (cgroup.isUnified()) {
                cgroup.write(
                        "memory",
                        "memory.low",
                        wanted.memoryReservation().map(String::valueOf).orElse("0"));
            } else {
                cgroup.write("memory", "memory.soft_limit_in_bytes", orUnlimited(wanted.memoryReservation()));
            }
        }
        if (!now.pids().equals(wanted.pids())) {
            cgroup.write("pids", "pids.max", wanted.pids().map(String::valueOf).orElse("max"));
        }
    }

    private static void writeCpu(Cgroup cgroup, Limits wanted) throws IOException {
        var period = wanted.cpuPeriod().orElse(Limits.PERIOD_MICROS);
        if (cgroup.isUnified()) {
            cgroup.write(
                    "cpu", "cpu.max", wanted.cpuQuota().map(String::valueOf).orElse("max") + " " + period);
        } else {
            cgroup.write("cpu", "cpu.cfs_period_us", String.valueOf(period));
            cgroup.write("cpu", "cpu.cfs_quota_us", orUnlimited(wanted.cpuQuota()));
        }
    }

    private static void writeMemoryUnified(Cgroup cgroup, Limits wanted) throws IOException {
        var swap = wanted.memorySwap().flatMap(both -> wanted.memory().map(memory -> both - memory));
        if (cgroup.read("memory", "memory.swap.max").isPresent()) {
            cgroup.write("memory", "memory.swap.max", swap.map(String::valueOf).orElse("max"));
        }
        cgroup.write(
                "memory", "memory.max", wanted.memory().map(String::valueOf).orElse("max"));
    }

    /** Memory never exceeds memory with swap, not even between the two writes: the larger one moves first. */
    private static void writeMemoryVersion1(Cgroup cgroup, Limits now, Limits wanted) throws IOException {
        // Without swap accounting the file is not there.
        var swapFile = cgroup.read("memory", "memory.memsw.limit_in_bytes").isPresent();
        var raising = wanted.memory().orElse(Long.MAX_VALUE) > now.memory().orElse(Long.MAX_VALUE);
        if (raising && swapFile) {
            cgroup.write("memory", "memory.memsw.limit_in_bytes", orUnlimited(wanted.memorySwap()));
        }
        cgroup.write("memory", "memory.limit_in_bytes", orUnlimited(wanted.memory()));
        if (!raising && swapFile) {
            cgroup.write("memory", "memory.memsw.limit_in_bytes", orUnlimited(wanted.memorySwap()));
        }
    }

    private static String orUnlimited(Optional<Long> value) {
        return value.map(String::valueOf).orElse("-1");
    }
}
