package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits: as the kernel has them, changed while it runs, exceeded. */
class ResourcesIT {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private Limits limits(String id) throws IOException {
        return lab.withLimits(id).limits().orElseThrow();
    }

    @Test
    void limits_are_what_was_asked_for_with_as_much_swap_as_memory() throws IOException {
        var id = lab.started(lab.wish("c")
                .resources(new Resources(
                        Optional.of(1_500_000_000L), Optional.of(64 * MIB), Optional.of(32 * MIB), Optional.of(50L)))
                .run("sleep", "600"));
        var limits = limits(id);
        assertThat(limits)
                .isEqualTo(
                        lab.containers.observe(id).orElseThrow().record().made().resources());
        assertThat(limits)
                .isEqualTo(new Limits(
                        Optional.of(64 * MIB),
                        Optional.of(128 * MIB),
                        Optional.of(32 * MIB),
                        Optional.of(150_000L),
                        Optional.of(100_000L),
                        Optional.of(50L)));
    }

    @Test
    void who_does_not_ask_for_limits_sees_all_else() throws IOException {
        var id = lab.started(lab.wish("c").memory(64 * MIB).run("sleep", "600"));
        var whole = lab.withLimits(id);

        var seen = lab.containers.observe();

        assertThat(whole.limits()).isPresent();
        assertThat(lab.containers.observe(id)).isEqualTo(Optional.of(seen.getFirst()));
        assertThat(seen).singleElement().satisfies(container -> {
            assertThat(container.limits()).isEmpty();
            assertThat(container.record()).isEqualTo(whole.record());
            assertThat(container.state()).isEqualTo(whole.state());
            assertThat(container.life()).isEqualTo(whole.life());
        });
    }

    @Test
    void without_limits_there_are_none() throws IOException {
        var id = lab.started(lab.wish("c").run("sleep", "600"));
        assertThat(limits(id)).isEqualTo(Limits.of(Resources.UNLIMITED));
    }

    @Test
    void limits_change_in_place_up_and_down_and_away() throws IOException {
        var wish = lab.wish("c").memory(64 * MIB).run("sleep", "600");
        var id = lab.started(wish);
        var pid = lab.pid(id);
        for (var memory : new long[] {256 * MIB, 32 * MIB}) {
            lab.containers.update(id, wish.memory(memory).spec());
            assertThat(limits(id).memory()).contains(memory);
            assertThat(limits(id).memorySwap()).contains(2 * memory);
        }
        lab.containers.update(
                id,
                wish.resources(new Resources(
                                Optional.of(500_000_000L), Optional.empty(), Optional.empty(), Optional.of(9L)))
                        .label("changed", "yes")
                        .spec());
        assertThat(limits(id))
                .isEqualTo(new Limits(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(50_000L),
                        Optional.of(100_000L),
                        Optional.of(9L)));
        assertThat(lab.pid(id)).isEqualTo(pid);
        assertThat(lab.containers.observe(id).orElseThrow().record().spec().labels())
                .containsEntry("changed", "yes");
    }

    @Test
    void a_limit_changed_by_hand_is_seen() throws IOException {
        var id = lab.started(lab.wish("c").memory(64 * MIB).run("sleep", "600"));
        var cgroup =
                dev.lockstep.runtime.linux.Cgroups.detect().at(lab.files(id).cgroup());
        cgroup.write("memory", cgroup.isUnified() ? "memory.max" : "memory.limit_in_bytes", String.valueOf(48 * MIB));
        assertThat(limits(id).memory()).contains(48 * MIB);
    }

    @Test
    void what_needs_another_process_is_not_changed_in_place() throws IOException {
        var wish = lab.wish("c").run("sleep", "600");
        var id = lab.started(wish);
        assertThatThrownBy(() -> lab.containers.update(
                        id, wish.environment("A", "b").user("nobody").spec()))
                .hasMessage("Container c must be replaced to change environment, user.");
    }

    @Test
    void what_was_so_anyway_may_be_said_and_something_else_changed_in_place() throws IOException {
        var wish = lab.wish("c").run("sleep", "600");
        var id = lab.started(wish);
        var path = lab.containers
                .observe(id)
                .orElseThrow()
                .record()
                .made()
                .environment()
                .getOrDefault("PATH", "");
        var pid = lab.pid(id);
        lab.containers.update(
                id,
                wish.workingDir("/")
                        .user("")
                        .environment("PATH", path)
                        .with(new StorageOptions(Optional.of(64 * MIB), java.util.List.of()))
                        .memory(64 * MIB)
                        .spec());
        assertThat(limits(id).memory()).contains(64 * MIB);
        assertThat(lab.pid(id)).isEqualTo(pid);
        assertThatThrownBy(() -> lab.containers.update(
                        id,
                        wish.with(new StorageOptions(Optional.of(MIB), java.util.List.of()))
                                .spec()))
                .hasMessageContaining("must be replaced to change shm_size or volumes_from");
    }

    @Test
    void being_out_of_memory_is_flagged() throws IOException {
        var id = lab.started(
                lab.wish("c").memory(32 * MIB).shell("x=0123456789abcdef; while true; do x=$x$x$x$x; done"));
        assertThat(lab.containers.await(id)).isEqualTo(137);
        assertThat(lab.containers.finishExit(id).orElseThrow().oomKilled()).isTrue();
        // conmon writes a file of that name where it was started.
        assertThat(Path.of("oom")).doesNotExist();
    }

    @Test
    void a_limit_below_six_mebibytes_is_refused() {
        assertThatThrownBy(() -> lab.created(lab.wish("c").memory(MIB).run("true")))
                .hasMessageContaining("the memory limit must be at least 6 MiB");
    }

    private static Resources more(
            Optional<Long> shares,
            Optional<String> cpuset,
            Optional<Long> swap,
            Optional<Long> swappiness,
            BlockIo io) {
        return new Resources(
                Optional.empty(),
                Optional.of(64 * MIB),
                Optional.empty(),
                Optional.empty(),
                Optional.of(20_000L),
                Optional.of(50_000L),
                shares,
                cpuset,
                Optional.empty(),
                Optional.empty(),
                swap,
                swappiness,
                false,
                io);
    }

    /** A block device that the host has; every one has loops. */
    private static final String DEVICE = "/dev/loop0";

    @Test
    void further_limits_are_the_kernels_and_change_in_place_and_away() throws IOException {
        var io = new BlockIo(
                Optional.empty(),
                Map.of(),
                Map.of(DEVICE, MIB),
                Map.of(DEVICE, 100L),
                Map.of(DEVICE, 2 * MIB),
                Map.of(DEVICE, 200L));
        var wish = lab.wish("c")
                .resources(more(Optional.of(512L), Optional.of("0"), Optional.of(80 * MIB), Optional.of(11L), io))
                .run("sleep", "600");
        var id = lab.started(wish);
        var pid = lab.pid(id);
        var made = lab.containers.observe(id).orElseThrow().record().made().resources();
        assertThat(limits(id)).isEqualTo(made);
        assertThat(made.cpuShares()).contains(512L);
        assertThat(made.memorySwap()).contains(80 * MIB);
        assertThat(made.cpuQuota()).contains(20_000L);
        assertThat(made.blockIo().readBytes()).isEqualTo(Map.of("7:0", MIB));
        var cgroup =
                dev.lockstep.runtime.linux.Cgroups.detect().at(lab.files(id).cgroup());
        if (!cgroup.isUnified()) {
            assertThat(cgroup.read("cpu", "cpu.shares")).contains("512");
            assertThat(cgroup.read("cpuset", "cpuset.cpus")).contains("0");
            assertThat(cgroup.read("memory", "memory.swappiness")).contains("11");
            assertThat(cgroup.read("blkio", "blkio.throttle.read_bps_device")).contains("7:0 " + MIB);
            assertThat(cgroup.read("blkio", "blkio.throttle.write_iops_device")).contains("7:0 200");
        } else {
            assertThat(cgroup.read("cpu", "cpu.max")).contains("20000 50000");
            assertThat(cgroup.read("cpuset", "cpuset.cpus")).contains("0");
            assertThat(cgroup.read("memory", "memory.max")).contains(String.valueOf(64 * MIB));
            assertThat(cgroup.read("memory", "memory.swap.max")).contains(String.valueOf(16 * MIB));
            assertThat(cgroup.read("io", "io.max")).contains("7:0 rbps=1048576 wbps=2097152 riops=100 wiops=200");
        }
        assertThat(Lab.read("/proc/" + pid + "/status")).contains("Cpus_allowed_list:\t0\n");

        lab.containers.update(
                id,
                wish.resources(more(
                                Optional.of(2048L),
                                Optional.empty(),
                                Optional.of(-1L),
                                Optional.empty(),
                                new BlockIo(
                                        Optional.empty(),
                                        Map.of(),
                                        Map.of(DEVICE, 3 * MIB),
                                        Map.of(),
                                        Map.of(),
                                        Map.of())))
                        .spec());
        made = lab.containers.observe(id).orElseThrow().record().made().resources();
        assertThat(limits(id)).isEqualTo(made);
        assertThat(made.memorySwap()).isEmpty();
        lab.containers.update(id, wish.resources(Resources.UNLIMITED).spec());
        assertThat(limits(id)).isEqualTo(Limits.of(Resources.UNLIMITED));
        assertThat(lab.pid(id)).isEqualTo(pid);
        // A hand on it is seen.
        cgroup.write("cpu", cgroup.isUnified() ? "cpu.weight" : "cpu.shares", "333");
        assertThat(limits(id).cpuShares()).isPresent();
    }

    @Test
    void waiting_in_place_of_being_killed_and_real_time_where_the_host_has_them() throws IOException {
        var asked = new Resources(
                Optional.empty(),
                Optional.of(64 * MIB),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(1_000_000L),
                Optional.of(10_000L),
                Optional.empty(),
                Optional.empty(),
                true,
                BlockIo.NONE);
        var root = dev.lockstep.runtime.linux.Cgroups.detect().at("/");
        var id = lab.created(lab.wish("c").resources(asked).run("sleep", "600"));
        if (root.isUnified() || root.read("cpu", "cpu.rt_runtime_us").isEmpty()) {
            assertThatThrownBy(() -> lab.containers.start(id)).hasMessageContaining("no real-time limits of cgroups");
            return;
        }
        lab.containers.start(id);
        var cgroup = root.root();
        assertThat(limits(id))
                .isEqualTo(
                        lab.containers.observe(id).orElseThrow().record().made().resources());
        assertThat(limits(id).realtimeRuntime()).contains(10_000L);
        assertThat(limits(id).oomKillDisable()).isTrue();
        assertThat(cgroup.read("cpu", "cpu.rt_runtime_us")).isPresent();
    }

    @Test
    void what_contradicts_itself_or_is_on_no_host_is_refused() {
        assertThatThrownBy(() -> lab.created(lab.wish("c")
                        .resources(more(
                                Optional.empty(), Optional.empty(), Optional.of(MIB), Optional.empty(), BlockIo.NONE))
                        .run("true")))
                .hasMessageContaining("is below that of memory");
        assertThatThrownBy(() -> lab.created(lab.wish("c")
                        .resources(more(
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                new BlockIo(
                                        Optional.empty(),
                                        Map.of(),
                                        Map.of("/dev/null", 1L),
                                        Map.of(),
                                        Map.of(),
                                        Map.of())))
                        .run("true")))
                .hasMessageContaining("/dev/null is no block device");
    }
}
