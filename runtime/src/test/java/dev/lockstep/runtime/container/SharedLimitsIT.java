package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.store.Root;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedLimitsIT {
    @TempDir
    Path directory;

    @Test
    void they_are_there_from_the_first_that_enters_until_the_last_has_left() throws Exception {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var path = "/lockstep-builds-" + root.shortId();
        var cgroup = Cgroups.detect().at(path);
        var unlimited = new ArrayList<String>();
        var limits = new SharedLimits(root, path, 64L << 20, 50, unlimited::add);
        assertThat(cgroup.exists()).isFalse();
        try (var _ = limits.enter()) {
            try (var _ = limits.enter()) {
                assertThat(unlimited).isEmpty();
                assertThat(cgroup.read("pids", "pids.max")).contains("50");
                assertThat(limits.memory()).contains(64L << 20);
            }
            SharedLimits.cleanUp(root, path);
            assertThat(cgroup.exists()).isTrue();
        }
        assertThat(cgroup.exists()).isFalse();
    }

    @Test
    void what_a_killed_process_left_is_taken_away() throws Exception {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var path = "/lockstep-builds-" + root.shortId();
        var cgroup = Cgroups.detect().at(path);
        cgroup.create();
        cgroup.below("held").create();
        SharedLimits.cleanUp(root, path);
        assertThat(cgroup.exists()).isFalse();
    }

    /** A host must not go without its agent because of limits that it refuses: here both are no numbers. */
    @Test
    void limits_that_the_kernel_refuses_are_told_once_and_do_without() throws Exception {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var unlimited = new ArrayList<String>();
        var limits = new SharedLimits(root, "/lockstep-builds-" + root.shortId(), -5, -5, unlimited::add);
        for (var i = 0; i < 2; i++) {
            try (var _ = limits.enter()) {
                assertThat(limits.memory()).isEmpty();
            }
        }
        assertThat(unlimited)
                .hasSize(2)
                .anySatisfy(why -> assertThat(why).contains("controller memory of this host refuses the limit: "))
                .anySatisfy(why -> assertThat(why).contains("controller pids of this host refuses the limit: "));
    }
}
