package dev.lockstep.runtime.container;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a container may do, and what it shares with others.
 *
 * @param privileged nothing is kept from it
 * @param readOnly its root file system cannot be written to
 * @param capAdd names with {@code CAP_}, or {@code ALL}; a set, kept in the order of its names
 * @param capDrop the same
 * @param cgroupParent absolute path of the cgroup above its own; absent: this root's
 * @param runtime name or absolute path of an OCI runtime; absent: the first that works on this host
 * @param sysctls by name with dots
 */
public record Isolation(
        boolean privileged,
        boolean readOnly,
        List<String> capAdd,
        List<String> capDrop,
        SecurityOptions security,
        Namespaces namespaces,
        Optional<String> cgroupParent,
        Optional<String> runtime,
        Map<String, String> sysctls) {
    /** Nothing beside the defaults. */
    public static final Isolation NONE = new Isolation(
            false,
            false,
            List.of(),
            List.of(),
            SecurityOptions.NONE,
            Namespaces.NONE,
            Optional.empty(),
            Optional.empty(),
            Map.of());

    public Isolation {
        capAdd = capAdd.stream().distinct().sorted().toList();
        capDrop = capDrop.stream().distinct().sorted().toList();
        sysctls = Collections.unmodifiableMap(new LinkedHashMap<>(sysctls));
        cgroupParent
                .filter(parent -> !parent.matches("(/[a-zA-Z0-9_.:-]+)+") || parent.contains(".."))
                .ifPresent(parent -> {
                    throw new IllegalArgumentException("\"" + parent + "\" is not the absolute path of a cgroup");
                });
    }

    /** The same with other namespaces. */
    public Isolation with(Namespaces other) {
        return new Isolation(privileged, readOnly, capAdd, capDrop, security, other, cgroupParent, runtime, sysctls);
    }

    /** The same with other walls. */
    public Isolation with(SecurityOptions other) {
        return new Isolation(privileged, readOnly, capAdd, capDrop, other, namespaces, cgroupParent, runtime, sysctls);
    }

    /** The same with others added and dropped. */
    public Isolation withCapabilities(List<String> add, List<String> drop) {
        return new Isolation(privileged, readOnly, add, drop, security, namespaces, cgroupParent, runtime, sysctls);
    }

    /** The same below another cgroup. */
    public Isolation below(String parent) {
        return new Isolation(
                privileged, readOnly, capAdd, capDrop, security, namespaces, Optional.of(parent), runtime, sysctls);
    }

    /** The same with another runtime. */
    Isolation withRuntime(Optional<String> other) {
        return new Isolation(privileged, readOnly, capAdd, capDrop, security, namespaces, cgroupParent, other, sysctls);
    }
}
