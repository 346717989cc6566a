package dev.lockstep.runtime.oci;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What makes one container's {@code config.json}.
 *
 * @param root the mounted root file system
 * @param readOnly it cannot be written to, nor what is mounted by default
 * @param hostname absent where it shares the host's or another container's
 * @param cgroup absolute, or the runtime would put it below our own
 * @param namespaces all but the mount namespace, which every container has
 * @param ids of the host that its users have; then there is a user namespace that maps them
 * @param mounts beside the default ones; one at the same place replaces it
 * @param without default mounts that it does not get
 * @param sysctls by name with dots; one that this kernel has not makes the runtime give up
 * @param resources limits, as {@code linux.resources} has them, without devices
 * @param seccomp from {@link SeccompProfile}; absent: every system call
 * @param privileged /sys and cgroups can be written to; no path is hidden
 * @param openSystemPaths no path below /proc and /sys is hidden or protected
 * @param rootPropagation of mounts, {@code rslave} or {@code shared}; absent: nothing travels
 * @param mountLabel SELinux context of the mounts
 * @param hooks programs of the host, by the moment at which the runtime calls them
 */
public record Bundle(
        ProcessSpec process,
        Path root,
        boolean readOnly,
        Optional<String> hostname,
        String cgroup,
        List<BundleNamespace> namespaces,
        Optional<IdRange> ids,
        List<BundleMount> mounts,
        Set<String> without,
        Map<String, String> sysctls,
        ObjectNode resources,
        BundleDevices devices,
        Optional<ObjectNode> seccomp,
        boolean privileged,
        boolean openSystemPaths,
        Map<String, String> annotations,
        Optional<String> rootPropagation,
        Optional<String> mountLabel,
        Map<String, List<ObjectNode>> hooks) {
    public Bundle {
        namespaces = List.copyOf(namespaces);
        mounts = List.copyOf(mounts);
        without = Set.copyOf(without);
        sysctls = Map.copyOf(sysctls);
        annotations = Map.copyOf(annotations);
        hooks = Map.copyOf(hooks);
        if (!cgroup.startsWith("/")) {
            throw new IllegalArgumentException("a cgroup path is absolute, got " + cgroup);
        }
    }

    /** A container that asks for nothing special, with namespaces of its own and no network. */
    public static Bundle plain(
            ProcessSpec process,
            Path root,
            String hostname,
            String cgroup,
            List<BundleMount> mounts,
            ObjectNode resources,
            ObjectNode seccomp,
            boolean unifiedCgroups) {
        return new Bundle(
                process,
                root,
                false,
                Optional.of(hostname),
                cgroup,
                ownNamespaces(unifiedCgroups),
                Optional.empty(),
                mounts,
                Set.of(),
                Map.of(),
                resources,
                BundleDevices.NONE,
                Optional.of(seccomp),
                false,
                false,
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Map.of());
    }

    private static List<BundleNamespace> ownNamespaces(boolean unifiedCgroups) {
        var namespaces = new ArrayList<BundleNamespace>();
        for (var type : List.of("uts", "pid", "ipc", "network")) {
            namespaces.add(BundleNamespace.created(type));
        }
        if (unifiedCgroups) {
            namespaces.add(BundleNamespace.created("cgroup"));
        }
        return namespaces;
    }
}
