package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What a running container uses. Counters grow from its start; two readings make a rate.
 *
 * @param at when it was read
 * @param cpu processor time of all its processes
 * @param memory bytes, without the file cache that nobody uses (docker stats subtracts it as well)
 * @param memoryLimit bytes; the host's memory where there is no limit
 * @param received bytes, over all interfaces but the loopback
 * @param sent bytes, likewise
 * @param read bytes from block devices
 * @param written bytes to block devices
 * @param pids processes and threads
 */
public record Usage(
        Instant at,
        Duration cpu,
        long memory,
        long memoryLimit,
        long received,
        long sent,
        long read,
        long written,
        long pids) {

    /** Processor time between two readings, in per cent of one processor: 200 is two of them. */
    public double percentOfCpu(Usage before) {
        var wall = Duration.between(before.at, at).toNanos();
        return wall <= 0 ? 0 : Math.max(0, cpu.minus(before.cpu).toNanos()) * 100.0 / wall;
    }

    /** Memory in per cent of the limit. */
    public double percentOfMemory() {
        return memoryLimit == 0 ? 0 : memory * 100.0 / memoryLimit;
    }

    /** Bytes of memory that the host has. */
    public static long hostMemory() throws IOException {
        return field(Files.readString(Path.of("/proc/meminfo")), "MemTotal:").orElse(0L) * 1024;
    }

    static Usage read(Cgroup cgroup, Limits told, int pid, Instant now) throws IOException {
        var unified = cgroup.isUnified();
        var used = LimitFiles.memoryInUse(cgroup).orElse(0L);
        var inactive = field(
                        cgroup.read("memory", "memory.stat").orElse(""),
                        unified ? "inactive_file" : "total_inactive_file")
                .orElse(0L);
        var total = hostMemory();
        var limit = LimitFiles.read(cgroup, told).flatMap(Limits::memory).filter(l -> l < total);
        var network = network(pid);
        var disk = unified ? ioStat(cgroup) : blkio(cgroup);
        return new Usage(
                now,
                cpu(cgroup),
                inactive < used ? used - inactive : used,
                limit.orElse(total),
                network[0],
                network[1],
                disk[0],
                disk[1],
                number(cgroup.read("pids", "pids.current").orElse("0")));
    }

    private static Duration cpu(Cgroup cgroup) throws IOException {
        return cgroup.isUnified()
                ? Duration.ofNanos(1000
                        * field(cgroup.read("cpu", "cpu.stat").orElse(""), "usage_usec")
                                .orElse(0L))
                : Duration.ofNanos(
                        number(cgroup.read("cpuacct", "cpuacct.usage").orElse("0")));
    }

    /** {@code NAME NUMBER …} in one of the lines. */
    private static Optional<Long> field(String text, String name) {
        return text.lines()
                .map(line -> line.split("\\s+", -1))
                .filter(words -> words.length > 1 && words[0].equals(name))
                .map(words -> number(words[1]))
                .findFirst();
    }

    private static long number(String text) {
        return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
    }

    /** In the container's own network namespace, whoever made that (proc_pid_net(5)). */
    private static long[] network(int pid) throws IOException {
        var sums = new long[2];
        try {
            for (var line : Files.readAllLines(Path.of("/proc/" + pid + "/net/dev"))) {
                var colon = line.indexOf(':');
                if (colon > 0 && !line.substring(0, colon).strip().equals("lo")) {
                    var numbers = line.substring(colon + 1).strip().split("\\s+", -1);
                    sums[0] += number(numbers[0]);
                    sums[1] += number(numbers[8]);
                }
            }
        } catch (NoSuchFileException e) {
            return sums; // it has just ended
        }
        return sums;
    }

    /** {@code 8:0 rbytes=1 wbytes=2 rios=…} (cgroup-v2.rst, io.stat). */
    static long[] ioStat(Cgroup cgroup) throws IOException {
        var sums = new long[2];
        for (var word : cgroup.read("io", "io.stat").orElse("").split("\\s+", -1)) {
            if (word.startsWith("rbytes=")) {
                sums[0] += number(word.substring("rbytes=".length()));
            } else if (word.startsWith("wbytes=")) {
                sums[1] += number(word.substring("wbytes=".length()));
            }
        }
        return sums;
    }

    /** {@code 8:0 Read 4096} (cgroup-v1, blkio-controller). */
    private static long[] blkio(Cgroup cgroup) throws IOException {
        var sums = new long[2];
        var text = cgroup.read("blkio", "blkio.throttle.io_service_bytes_recursive")
                .orElse("");
        for (var line : text.lines().toList()) {
            var words = line.split("\\s+", -1);
            if (words.length == 3 && words[1].equals("Read")) {
                sums[0] += number(words[2]);
            } else if (words.length == 3 && words[1].equals("Write")) {
                sums[1] += number(words[2]);
            }
        }
        return sums;
    }
}
