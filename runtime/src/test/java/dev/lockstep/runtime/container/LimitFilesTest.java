package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.Cgroup;
import dev.lockstep.runtime.linux.CgroupTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        assertThat(LimitFiles.read(unified(directory))).contains(Limits.of(Resources.UNLIMITED));
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
}
