package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.CgroupTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is made of a cgroup's files. Those of version 1 are of a container of docker 26.1.5 that held memory and burned
 * processor time, and the numbers expected are what {@code docker stats} printed of it at the same time.
 */
class UsageTest {
    private static final int NO_PROCESS = Integer.MAX_VALUE;
    private static final Instant BEGIN = Instant.parse("2026-11-24T12:00:00Z");
    private static final Limits UNLIMITED = new Limits(
            Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    @TempDir
    private Path directory;

    /** Each controller is a tree of its own. */
    private Cgroup version1() throws IOException {
        var mounts = new StringBuilder();
        for (var controller : new String[] {"memory", "pids", "cpu,cpuacct", "blkio", "cpuset"}) {
            var tree = Files.createDirectories(directory.resolve(controller.replaceFirst(",.*", "")));
            mounts.append("30 24 0:25 / " + tree + " rw,relatime shared:9 - cgroup cgroup rw," + controller + "\n");
        }
        return CgroupTrees.parsed(mounts.toString()).at("/c");
    }

    private Cgroup version2() throws IOException {
        return CgroupTrees.unified(directory).at("/c");
    }

    private void write(String tree, Map<String, String> files) throws IOException {
        var cgroup = Files.createDirectories(directory.resolve(tree).resolve("c"));
        for (var file : files.entrySet()) {
            Files.writeString(cgroup.resolve(file.getKey()), file.getValue());
        }
    }

    @Test
    void of_version_1() throws IOException {
        var cgroup = version1();
        write(
                "memory",
                Map.of(
                        "memory.usage_in_bytes", "30375936\n",
                        "memory.limit_in_bytes", "67108864\n",
                        "memory.stat", """
                                cache 20975616
                                rss 8519680
                                inactive_file 5
                                active_file 20975616
                                total_cache 20975616
                                total_inactive_file 0
                                """));
        write("pids", Map.of("pids.current", "1\n", "pids.max", "max\n"));
        write("cpu", Map.of("cpuacct.usage", "843274177\n"));
        write(
                "blkio",
                Map.of(
                        "blkio.throttle.io_service_bytes_recursive",
                        "8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 12288\n8:0 Total 12288\n8:16 Read 1\nTotal 12289\n"));
        var first = Usage.read(cgroup, UNLIMITED, NO_PROCESS, BEGIN);
        assertThat(first.memory() / 1048576.0).isEqualTo(28.97, within(0.005));
        assertThat(first.percentOfMemory()).isEqualTo(45.26, within(0.005));
        assertThat(first.memoryLimit()).isEqualTo(64L << 20);
        assertThat(first.pids()).isOne();
        assertThat(first.read()).isEqualTo(4097);
        assertThat(first.written()).isEqualTo(8192);
        assertThat(first.received() + first.sent()).isZero();

        write("cpu", Map.of("cpuacct.usage", "1346962850\n"));
        var second = Usage.read(cgroup, UNLIMITED, NO_PROCESS, BEGIN.plus(Duration.ofNanos(1_543_848_489)));
        // What others left of two processors; 31.15 was printed for the second that this one and a half began with.
        assertThat(second.percentOfCpu(first)).isEqualTo(32.63, within(0.005));
        assertThat(first.percentOfCpu(first)).as("no time has passed").isZero();
        // Pages that nobody has used lately are not held against it, where they are fewer than all.
        write("memory", Map.of("memory.stat", "total_inactive_file 20975616\n"));
        assertThat(Usage.read(cgroup, UNLIMITED, NO_PROCESS, BEGIN).memory()).isEqualTo(30375936 - 20975616);
        write("memory", Map.of("memory.stat", "total_inactive_file 40000000\n"));
        assertThat(Usage.read(cgroup, UNLIMITED, NO_PROCESS, BEGIN).memory()).isEqualTo(30375936);
    }

    @Test
    void of_version_2() throws IOException {
        var cgroup = version2();
        write(
                "",
                Map.of(
                        "memory.current", "30375936\n",
                        "memory.max", "67108864\n",
                        "memory.stat", "anon 8519680\nfile 20975616\ninactive_file 10487808\nactive_file 10487808\n",
                        "pids.current", "3\n",
                        "pids.max", "max\n",
                        "cpu.stat", "usage_usec 843274\nuser_usec 800000\nsystem_usec 43274\n",
                        "io.stat", """
                                254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0
                                254:16 rbytes=1 wbytes=0 rios=1 wios=0 dbytes=0 dios=0
                                """));
        var first = Usage.read(cgroup, UNLIMITED, NO_PROCESS, BEGIN);
        assertThat(first.memory()).isEqualTo(30375936 - 10487808);
        assertThat(first.memoryLimit()).isEqualTo(64L << 20);
        assertThat(first.pids()).isEqualTo(3);
        assertThat(first.read()).isEqualTo(4097);
        assertThat(first.written()).isEqualTo(8192);
        write("", Map.of("cpu.stat", "usage_usec 2843274\n"));
        var second = Usage.read(cgroup, UNLIMITED, NO_PROCESS, BEGIN.plus(Duration.ofSeconds(1)));
        assertThat(second.percentOfCpu(first)).as("two processors").isEqualTo(200, within(0.001));
        // Without a limit of its own it may have what the host has.
        write("", Map.of("memory.max", "max\n"));
        assertThat(Usage.read(cgroup, UNLIMITED, NO_PROCESS, BEGIN).memoryLimit())
                .isGreaterThan(64L << 20);
    }
}
