package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.CgroupTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a container asks of a host that has it not. */
class RequirementsTest {
    private static final Optional<Long> NO = Optional.empty();

    @TempDir
    Path directory;

    private Optional<UnmetRequirement> unmet(String controllers, Resources asked) throws IOException {
        Files.writeString(directory.resolve("cgroup.controllers"), controllers + "\n");
        return Requirements.noMemory(asked, CgroupTrees.unified(directory));
    }

    @Test
    void limits_of_memory_need_a_kernel_that_has_them() throws IOException {
        var limit = new Resources(NO, Optional.of(134_217_728L), Optional.of(67_108_864L), NO);
        var reservation = new Resources(NO, NO, Optional.of(67_108_864L), NO);

        assertThat(unmet("cpuset cpu io pids", limit)).hasValueSatisfying(unmet -> {
            assertThat(unmet.attribute()).isEqualTo("mem_limit");
            assertThat(unmet.why())
                    .startsWith("the memory limit of 134217728 bytes needs the cgroup controller memory")
                    .contains("cgroup_enable=memory");
        });
        assertThat(unmet("cpuset cpu io pids", reservation))
                .hasValueSatisfying(unmet -> assertThat(unmet.attribute()).isEqualTo("mem_reservation"));
        assertThat(unmet("cpuset cpu io memory pids", limit)).isEmpty();
        assertThat(unmet("cpuset cpu io pids", new Resources(Optional.of(1_000_000_000L), NO, NO, Optional.of(9L))))
                .isEmpty();
    }
}
