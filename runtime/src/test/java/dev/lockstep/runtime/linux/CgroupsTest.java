package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CgroupsTest {
    private static final String VERSION_1 = """
            32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
            35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
            40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
            """;

    @Test
    void version_2_has_one_tree_for_everything() throws IOException {
        var cgroups = Cgroups.parse("30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
        assertThat(cgroups.isUnified()).isTrue();
        assertThat(cgroups.isHybrid()).isFalse();
        assertThat(cgroups.tree("memory")).contains(Path.of("/sys/fs/cgroup"));
    }

    @Test
    void version_1_has_a_tree_for_each_controller_and_named_ones() throws IOException {
        var cgroups = Cgroups.parse(VERSION_1);
        assertThat(cgroups.isUnified()).isFalse();
        assertThat(cgroups.tree("cpuacct")).contains(Path.of("/sys/fs/cgroup/cpu,cpuacct"));
        assertThat(cgroups.tree("pids")).isEmpty();
        assertThat(cgroups.trees()).hasSize(3);
    }

    @Test
    void a_hybrid_host_has_both() throws IOException {
        var cgroups = Cgroups.parse(VERSION_1 + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
        assertThat(cgroups.isUnified()).isFalse();
        assertThat(cgroups.isHybrid()).isTrue();
        assertThat(cgroups.trees()).contains(Path.of("/sys/fs/cgroup/unified"));
    }

    @Test
    void a_kernel_may_have_no_controller_for_memory(@TempDir Path directory) throws IOException {
        assertThat(Cgroups.parse(VERSION_1).has("memory")).isTrue();
        assertThat(Cgroups.parse(VERSION_1).has("pids")).isFalse();

        var cgroups = CgroupTrees.unified(directory);
        Files.writeString(directory.resolve("cgroup.controllers"), "cpuset cpu io pids\n");
        assertThat(cgroups.has("memory")).isFalse();
        assertThat(cgroups.has("pids")).isTrue();
    }

    @Test
    void no_cgroups_are_an_error_that_says_what_to_do() {
        assertThatThrownBy(() -> Cgroups.parse("22 27 0:21 / /proc rw - proc proc rw\n"))
                .hasMessageContaining("mount -t cgroup2");
    }

    @Test
    void paths_are_absolute_and_stay_inside() throws IOException {
        var cgroups = Cgroups.parse(VERSION_1);
        assertThatThrownBy(() -> cgroups.at("relative")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> cgroups.at("/a/../../b")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "freezer, freezer.state, FREEZING, '', '', false, true",
        "freezer, freezer.state, FROZEN, '', '', true, true",
        "freezer, freezer.state, THAWED, '', '', false, false",
        "'', cgroup.freeze, 1, cgroup.events, 'populated 1\\nfrozen 0', false, true",
        "'', cgroup.freeze, 1, cgroup.events, 'populated 1\\nfrozen 1', true, true",
        "'', cgroup.freeze, 0, cgroup.events, 'populated 1\\nfrozen 0', false, false",
        // By one above.
        "'', cgroup.freeze, 0, cgroup.events, 'populated 1\\nfrozen 1', true, true"
    })
    void processes_of_which_some_stand_still_are_being_frozen(
            String controller,
            String file,
            String content,
            String events,
            String said,
            boolean frozen,
            boolean freezing,
            @TempDir Path tree)
            throws IOException {
        var type = controller.isEmpty() ? "cgroup2 cgroup2 rw" : "cgroup cgroup rw," + controller;
        var cgroup =
                Cgroups.parse("30 23 0:26 / " + tree + " rw - " + type + "\n").at("/c");
        assertThat(cgroup.isFreezing()).as("it does not exist").isFalse();
        var directory = Files.createDirectory(tree.resolve("c"));
        Files.writeString(directory.resolve(file), content + "\n");
        if (!events.isEmpty()) {
            Files.writeString(directory.resolve(events), said.replace("\\n", "\n") + "\n");
        }

        assertThat(cgroup.isFrozen()).isEqualTo(frozen);
        assertThat(cgroup.isFreezing()).isEqualTo(freezing);
    }
}
