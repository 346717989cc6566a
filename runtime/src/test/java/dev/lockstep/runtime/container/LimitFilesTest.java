package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.CgroupTrees;
import dev.lockstep.runtime.store.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The files of version 2, in a directory that looks like it: the machines that run this may have version 1. */
class LimitFilesTest {
    private static final Limits SOME = new Limits(
            Optional.of(64L << 20),
            Optional.of(128L << 20),
            Optional.of(32L << 20),
            Optional.of(150_000L),
            Optional.of(100_000L),
            Optional.of(50L));

    private static Cgroup unified(Path directory) throws IOException {
        var own = Files.createDirectories(directory.resolve("c"));
        for (var file : new String[] {"memory.max", "memory.swap.max", "pids.max"}) {
            Files.writeString(own.resolve(file), "max\n");
        }
        Files.writeString(own.resolve("memory.low"), "0\n");
        Files.writeString(own.resolve("cpu.max"), "max 100000\n");
        return CgroupTrees.unified(directory).at("/c");
    }

    @Test
    void no_limits_are_none(@TempDir Path directory) throws IOException {
        assertThat(LimitFiles.read(unified(directory), Limits.of(Resources.UNLIMITED)))
                .contains(Limits.of(Resources.UNLIMITED));
    }

    @Test
    void what_is_written_is_read_again_and_swap_is_kept_apart(@TempDir Path directory) throws IOException {
        var cgroup = unified(directory);
        LimitFiles.write(cgroup, Limits.of(Resources.UNLIMITED), SOME);
        assertThat(directory.resolve("c/memory.max")).content().startsWith("67108864");
        assertThat(directory.resolve("c/memory.swap.max")).content().startsWith("67108864");
        assertThat(directory.resolve("c/cpu.max")).content().startsWith("150000 100000");
        assertThat(cgroup.read("cpu", "cpu.max")).contains("150000 100000");
    }

    @Test
    void weights_disks_and_processors_of_version_2(@TempDir Path directory) throws IOException {
        var cgroup = unified(directory);
        var own = directory.resolve("c");
        Files.writeString(own.resolve("cpu.weight"), "100\n");
        Files.writeString(own.resolve("cpuset.cpus"), "\n");
        Files.writeString(directory.resolve("cpuset.cpus.effective"), "0-3\n");
        Files.writeString(own.resolve("io.max"), "");
        Files.writeString(own.resolve("io.weight"), "default 100\n");
        var none = Limits.of(Resources.UNLIMITED);
        assertThat(LimitFiles.read(cgroup, none)).contains(none);
        var wanted = limits(
                Optional.of(512L),
                Optional.of("0-1"),
                new BlockIo(
                        Optional.of(500L), Map.of(), Map.of("8:0", 1048576L), Map.of(), Map.of(), Map.of("8:0", 100L)));
        LimitFiles.write(cgroup, none, wanted);
        assertThat(own.resolve("cpu.weight")).content().startsWith("59");
        assertThat(own.resolve("cpuset.cpus")).content().startsWith("0-1");
        assertThat(own.resolve("io.weight")).content().startsWith("4950");
        Files.writeString(own.resolve("cpuset.cpus"), "0-1\n");
        LimitFiles.write(cgroup, wanted, limits(Optional.of(512L), Optional.empty(), wanted.blockIo()));
        // With an empty one the kernel says ENOSPC as long as there are processes.
        assertThat(own.resolve("cpuset.cpus")).content().startsWith("0-3");
        Files.writeString(own.resolve("cpuset.cpus"), "0-1\n");
        // The kernel adds up what is written to io.max line by line; a plain file keeps the last one.
        assertThat(own.resolve("io.max")).content().startsWith("8:0 wiops=100");
        Files.writeString(own.resolve("cpu.weight"), "59\n");
        Files.writeString(own.resolve("io.weight"), "default 4950\n");
        Files.writeString(own.resolve("io.max"), "8:0 rbps=1048576 wbps=max riops=max wiops=100\n");
        assertThat(LimitFiles.read(cgroup, wanted)).contains(wanted);
    }

    /** Numbers of runc 1.1 and crun 1.21, and of what came later. */
    @ParameterizedTest
    @CsvSource({"2,1,1", "512,20,59", "1024,39,100", "2048,79,174", "262144,10000,10000"})
    void shares_become_a_weight_on_one_of_two_curves(long shares, long straight, long curved) {
        assertThat(LimitFiles.straight(shares)).isEqualTo(straight);
        assertThat(LimitFiles.curved(shares)).isEqualTo(curved);
        assertThat(LimitFiles.shares(Optional.of(straight), Optional.of(shares)))
                .contains(shares);
        assertThat(LimitFiles.shares(Optional.of(curved), Optional.of(shares))).contains(shares);
    }

    @Test
    void another_weight_is_another_number_of_shares() {
        assertThat(LimitFiles.shares(Optional.of(100L), Optional.empty())).isEmpty();
        assertThat(LimitFiles.shares(Optional.of(200L), Optional.empty())).isPresent();
        assertThat(LimitFiles.shares(Optional.of(200L), Optional.of(512L))).isNotEqualTo(Optional.of(512L));
    }

    @Test
    void what_version_2_does_not_know_is_not_said_to_a_runtime_there() {
        var limits = Limits.of(new Resources(
                Optional.empty(),
                Optional.of(64L << 20),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(1000L),
                Optional.of(500L),
                Optional.of(-1L),
                Optional.of(10L),
                true,
                BlockIo.NONE));
        var json = Json.mapper();
        assertThat(LimitFiles.toOci(limits, true, false, json)).hasToString("{\"memory\":{\"limit\":67108864}}");
        assertThat(LimitFiles.toOci(limits, false, false, json))
                .hasToString("{\"memory\":{\"limit\":67108864,\"swappiness\":10,\"disableOOMKiller\":true},"
                        + "\"cpu\":{\"realtimePeriod\":1000,\"realtimeRuntime\":500}}");
    }

    private static Limits limits(Optional<Long> shares, Optional<String> cpuset, BlockIo blockIo) {
        return new Limits(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                shares,
                cpuset,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                blockIo);
    }
}
