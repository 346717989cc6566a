package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroup;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What is the same for all containers of a host during one look at them, and read once: what the cgroup has that all of
 * the host is in, and which file of disk weights the kernel knows. One thread's, and forgotten after the look.
 */
final class HostLimits {
    private final Map<String, Optional<String>> known = new HashMap<>();

    /** All processors of the host, in the kernel's words. */
    Optional<String> cpus(Cgroup cgroup) throws IOException {
        return once("cpus", () -> LimitFiles.hostCpus(cgroup));
    }

    /** Version 1 alone has it. */
    Optional<String> swappiness(Cgroup cgroup) throws IOException {
        return once("swappiness", () -> cgroup.root().read("memory", "memory.swappiness"));
    }

    /** Absent: the disk scheduler knows no weights. Every cgroup has it or none. */
    Optional<String> weightFile(Cgroup cgroup) throws IOException {
        return once("weight file", () -> BlockIoFiles.weightFile(cgroup));
    }

    private Optional<String> once(String what, Read read) throws IOException {
        var value = known.get(what);
        if (value == null) {
            value = read.read();
            known.put(what, value);
        }
        return value;
    }

    private interface Read {
        Optional<String> read() throws IOException;
    }
}
