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
                readOnly ? List.of("rbind", "rprivate", "ro") : List.of("rbind", "rprivate"));
    }
}
