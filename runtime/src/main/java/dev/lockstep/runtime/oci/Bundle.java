package dev.lockstep.runtime.oci;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What makes one container's {@code config.json}.
 *
 * @param root the mounted root file system
 * @param cgroup absolute, or the runtime would put it below our own
 * @param networkNamespace file that pins it; absent: the runtime makes one with {@code lo} only
 * @param mounts beside the default ones; one at the same place replaces it
 * @param resources limits, as {@code linux.resources} has them, without devices
 * @param seccomp from {@link SeccompProfile}
 * @param unifiedCgroups whether the host has version 2 of cgroups alone: then the container gets a cgroup namespace
 */
public record Bundle(
        ProcessSpec process,
        Path root,
        String hostname,
        String cgroup,
        Optional<Path> networkNamespace,
        List<BundleMount> mounts,
        ObjectNode resources,
        ObjectNode seccomp,
        boolean unifiedCgroups) {
    public Bundle {
        mounts = List.copyOf(mounts);
        if (!cgroup.startsWith("/")) {
            throw new IllegalArgumentException("a cgroup path is absolute, got " + cgroup);
        }
    }
}
