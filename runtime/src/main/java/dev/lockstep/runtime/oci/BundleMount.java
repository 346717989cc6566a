package dev.lockstep.runtime.oci;

import java.util.List;

/**
 * One mount of a bundle (OCI runtime specification, config.md, Mounts).
 *
 * @param destination absolute and clean path in the container
 * @param type file system, {@code bind} for a bind mount
 */
public record BundleMount(String destination, String type, String source, List<String> options) {
    public BundleMount {
        options = List.copyOf(options);
    }

    /** A file or directory of the host. */
    public static BundleMount bind(String source, String destination, boolean readOnly) {
        return new BundleMount(
                destination,
                "bind",
                source,
                // With what is mounted below: a container that may not write must not find a way around.
                readOnly ? List.of("rbind", "rprivate", "rro") : List.of("rbind", "rprivate"));
    }

    /** The same without an option. */
    BundleMount withoutOption(String option) {
        return new BundleMount(
                destination,
                type,
                source,
                options.stream().filter(o -> !o.equals(option)).toList());
    }
}
