package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
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
        return lab.containers.observe(id).orElseThrow().limits().orElseThrow();
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
}
