package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.nio.file.Path;

/** Cgroup layouts that this machine has not. */
public final class CgroupTrees {
    private CgroupTrees() {}

    /** What a mountinfo says. */
    public static Cgroups parsed(String mountinfo) throws IOException {
        return Cgroups.parse(mountinfo);
    }

    /** Version 2 alone, mounted at that directory. */
    public static Cgroups unified(Path directory) throws IOException {
        return Cgroups.parse("30 23 0:26 / " + directory + " rw - cgroup2 cgroup2 rw\n");
    }
}
