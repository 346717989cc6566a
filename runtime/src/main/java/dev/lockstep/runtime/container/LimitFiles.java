package dev.lockstep.runtime.container;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.Cgroup;
import java.io.IOException;
import java.util.Optional;

/**
 * Where each limit stands: in {@code linux.resources} of a bundle, in the files of cgroups version 1
 * (Documentation/admin-guide/cgroup-v1) and of version 2 (cgroup-v2.rst). Those of disks are in {@link BlockIoFiles}.
 */
final class LimitFiles {
    /** Version 1 says "no limit" with the largest number that is a multiple of a page. */
    private static final long UNLIMITED = 1L << 62;

    /** Weight of every cgroup of version 2. */
    private static final long WEIGHT = 100;

    private LimitFiles() {}

    /**
     * {@code linux.resources}, without what this host's cgroups cannot do.
     *
     * @param unified whether they are of version 2
     * @param weights whether the disk scheduler knows weights
     */
    static ObjectNode toOci(Limits limits, boolean unified, boolean weights, JsonMapper json) {
        var resources = json.createObjectNode();
        limits.memory().ifPresent(v -> resources.withObject("/memory").put("limit", v));
        limits.memorySwap().ifPresent(v -> resources.withObject("/memory").put("swap", v));
        limits.memoryReservation()
                .ifPresent(v -> resources.withObject("/memory").put("reservation", v));
        limits.cpuQuota().ifPresent(v -> resources.withObject("/cpu").put("quota", v));
        limits.cpuPeriod().ifPresent(v -> resources.withObject("/cpu").put("period", v));
        limits.cpuShares().ifPresent(v -> resources.withObject("/cpu").put("shares", v));
        limits.cpuset().ifPresent(v -> resources.withObject("/cpu").put("cpus", v));
        limits.pids().ifPresent(v -> resources.withObject("/pids").put("limit", v));
        if (!unified) {
            limits.realtimePeriod().ifPresent(v -> resources.withObject("/cpu").put("realtimePeriod", v));
            limits.realtimeRuntime().ifPresent(v -> resources.withObject("/cpu").put("realtimeRuntime", v));
            limits.swappiness().ifPresent(v -> resources.withObject("/memory").put("swappiness", v));
            if (limits.oomKillDisable()) {
                resources.withObject("/memory").put("disableOOMKiller", true);
            }
        }
        BlockIoFiles.toOci(limits.blockIo(), weights, resources);
        return resources;
    }

    /**
     * What the kernel has now; empty when the cgroup is gone.
     *
     * @param told what it was told: tells "as all of the host" from "asked for, and the same", and a weight of version
     *     2 from the shares it was computed of
     */
    static Optional<Limits> read(Cgroup cgroup, Limits told) throws IOException {
        return read(cgroup, told, new HostLimits());
    }

    /** The same for one of many. */
    static Optional<Limits> read(Cgroup cgroup, Limits told, HostLimits host) throws IOException {
        return cgroup.isUnified() ? readUnified(cgroup, told, host) : readVersion1(cgroup, told, host);
    }

    private static Optional<Limits> readVersion1(Cgroup cgroup, Limits told, HostLimits host) throws IOException {
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
                number(pids),
                number(cgroup.read("cpu", "cpu.shares")).filter(s -> s != Limits.SHARES),
                cpuset(cgroup, told, host),
                told.realtimePeriod().isEmpty() ? Optional.empty() : number(cgroup.read("cpu", "cpu.rt_period_us")),
                told.realtimeRuntime().isEmpty() ? Optional.empty() : number(cgroup.read("cpu", "cpu.rt_runtime_us")),
                otherThanHost(
                        told.swappiness(),
                        number(cgroup.read("memory", "memory.swappiness")),
                        number(host.swappiness(cgroup))),
                cgroup.read("memory", "memory.oom_control")
                        .filter(text -> text.contains("oom_kill_disable 1"))
                        .isPresent(),
                BlockIoFiles.read(cgroup, told.blockIo(), host)));
    }

    private static Optional<Limits> readUnified(Cgroup cgroup, Limits told, HostLimits host) throws IOException {
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
                number(cgroup.read("pids", "pids.max")),
                shares(number(cgroup.read("cpu", "cpu.weight")), told.cpuShares()),
                cpuset(cgroup, told, host),
                // Version 2 knows none of these; what it cannot have is not missed.
                told.realtimePeriod(),
                told.realtimeRuntime(),
                told.swappiness(),
                told.oomKillDisable(),
                BlockIoFiles.read(cgroup, told.blockIo(), host)));
    }

    private static Optional<String> cpuset(Cgroup cgroup, Limits told, HostLimits host) throws IOException {
        return otherThanHost(
                told.cpuset(), cgroup.read("cpuset", "cpuset.cpus").filter(set -> !set.isEmpty()), host.cpus(cgroup));
    }

    static Optional<String> hostCpus(Cgroup cgroup) throws IOException {
        return cgroup.root().read("cpuset", cgroup.isUnified() ? "cpuset.cpus.effective" : "cpuset.cpus");
    }

    /** Absent where it is what all of the host has, unless just that was asked for. */
    private static <T> Optional<T> otherThanHost(Optional<T> told, Optional<T> is, Optional<T> host) {
        return is.filter(value -> !Optional.of(value).equals(host) || told.isPresent());
    }

    /**
     * The shares that became this weight. Runtimes disagree about the curve: up to runc 1.3 and crun 1.22 it is a
     * straight line, later ones keep 1024 at 100. What was told is recognised on either.
     */
    static Optional<Long> shares(Optional<Long> weight, Optional<Long> told) {
        if (weight.isEmpty() || weight.get() == WEIGHT && told.isEmpty()) {
            return Optional.empty();
        }
        var is = weight.get();
        return told.filter(shares -> straight(shares) == is || curved(shares) == is)
                .or(() -> Optional.of(2 + (is - 1) * 262_142 / 9_999));
    }

    /** The weight of shares up to runc 1.3: 2…262144 to 1…10000 in a straight line. */
    static long straight(long shares) {
        return 1 + (shares - 2) * 9_999 / 262_142;
    }

    /** The weight of shares in later ones: a parabola of logarithms through (2, 1), (1024, 100), (262144, 10000). */
    static long curved(long shares) {
        var log = Math.log((double) shares) / Math.log(2);
        // Less what floating point is off by: 1024 is 100.
        return (long) Math.ceil(Math.pow(10, (log * log + 125 * log) / 612.0 - 7.0 / 34.0) - 1e-9);
    }

    private static Optional<Long> number(Optional<String> text) {
        return text.isEmpty() ? Optional.empty() : number(text.get());
    }

    /** Absent for every way to say "no limit". */
    private static Optional<Long> number(String text) {
        if (!isNumber(text)) {
            return Optional.empty();
        }
        var value = Long.parseLong(text);
        return value >= 0 && value < UNLIMITED ? Optional.of(value) : Optional.empty();
    }

    /** Up to 19 digits, perhaps below zero. Not by a pattern, which would be made anew ten times a container. */
    private static boolean isNumber(String text) {
        var begin = text.startsWith("-") ? 1 : 0;
        var digits = text.length() - begin;
        return digits >= 1 && digits <= 19 && text.chars().skip(begin).allMatch(c -> c >= '0' && c <= '9');
    }

    /** Bytes in use, for messages. */
    static Optional<Long> memoryInUse(Cgroup cgroup) throws IOException {
        return number(cgroup.read("memory", cgroup.isUnified() ? "memory.current" : "memory.usage_in_bytes"));
    }

    /**
     * Changes what differs; not the real-time limits, which a process is born with.
     *
     * @throws IOException when the kernel refuses a value; those written before it stay
     */
    static void write(Cgroup cgroup, Limits now, Limits wanted) throws IOException {
        if (!now.cpuQuota().equals(wanted.cpuQuota()) || !now.cpuPeriod().equals(wanted.cpuPeriod())) {
            writeCpu(cgroup, wanted);
        }
        if (!now.cpuShares().equals(wanted.cpuShares())) {
            writeShares(cgroup, wanted);
        }
        if (!now.cpuset().equals(wanted.cpuset())) {
            // No version lets a cgroup with processes have none (ENOSPC): all is what the host has.
            var all = hostCpus(cgroup).orElse("");
            cgroup.write("cpuset", "cpuset.cpus", wanted.cpuset().orElse(all) + "\n");
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
        if (!cgroup.isUnified()) {
            writeVersion1Alone(cgroup, now, wanted);
        }
        BlockIoFiles.write(cgroup, now.blockIo(), wanted.blockIo());
    }

    private static void writeVersion1Alone(Cgroup cgroup, Limits now, Limits wanted) throws IOException {
        if (!now.swappiness().equals(wanted.swappiness())) {
            var host = cgroup.root().read("memory", "memory.swappiness").orElse("60");
            cgroup.write(
                    "memory",
                    "memory.swappiness",
                    wanted.swappiness().map(String::valueOf).orElse(host));
        }
        if (now.oomKillDisable() != wanted.oomKillDisable()) {
            cgroup.write("memory", "memory.oom_control", wanted.oomKillDisable() ? "1" : "0");
        }
    }

    private static void writeShares(Cgroup cgroup, Limits wanted) throws IOException {
        if (cgroup.isUnified()) {
            var weight = wanted.cpuShares().map(LimitFiles::curved).orElse(WEIGHT);
            cgroup.write("cpu", "cpu.weight", String.valueOf(weight));
        } else {
            cgroup.write("cpu", "cpu.shares", String.valueOf(wanted.cpuShares().orElse(Limits.SHARES)));
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
        var swapFirst = raising
                || wanted.memory().equals(now.memory())
                        && wanted.memorySwap().orElse(Long.MAX_VALUE)
                                > now.memorySwap().orElse(Long.MAX_VALUE);
        if (swapFirst && swapFile) {
            cgroup.write("memory", "memory.memsw.limit_in_bytes", orUnlimited(wanted.memorySwap()));
        }
        cgroup.write("memory", "memory.limit_in_bytes", orUnlimited(wanted.memory()));
        if (!swapFirst && swapFile) {
            cgroup.write("memory", "memory.memsw.limit_in_bytes", orUnlimited(wanted.memorySwap()));
        }
    }

    private static String orUnlimited(Optional<Long> value) {
        return value.map(String::valueOf).orElse("-1");
    }

    /**
     * Gives the cgroups above a container the real-time budget that it asks for: a new cgroup has none, and nobody can
     * have more than who is above (Documentation/scheduler/sched-rt-group.rst).
     *
     * @throws ContainerException when the host cannot
     */
    static void lendRealtime(Limits limits, Cgroup parent, String container) throws IOException {
        if (limits.realtimeRuntime().isEmpty() && limits.realtimePeriod().isEmpty()) {
            return;
        }
        var host = parent.root().read("cpu", "cpu.rt_runtime_us");
        if (parent.isUnified() || host.isEmpty()) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID,
                    "container " + container + ": this host has no real-time limits of cgroups, which only version 1"
                            + " has, and only with RT_GROUP_SCHED; remove cpu_rt_period and cpu_rt_runtime.");
        }
        parent.create();
        var has = number(parent.read("cpu", "cpu.rt_runtime_us")).orElse(0L);
        if (has < number(host).orElse(0L)) {
            try {
                parent.write("cpu", "cpu.rt_runtime_us", host.get());
            } catch (IOException e) {
                throw new ContainerException(
                        ContainerException.Reason.CONFLICT,
                        "container " + container + ": other cgroups of the host have its real-time budget ("
                                + e.getMessage() + ").",
                        e);
            }
        }
    }
}
