package dev.lockstep.runtime.oci;

import java.util.ArrayList;
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

    /** A bind with what its source's mount forbids, which crun would lose. */
    public BundleMount keeping(List<String> flags) {
        var kept = new ArrayList<>(options);
        flags.stream().filter(flag -> !isIn(options, flag)).forEach(kept::add);
        return new BundleMount(destination, type, source, kept);
    }

    private static boolean isIn(List<String> options, String flag) {
        return options.contains(flag) || flag.equals("ro") && options.contains("rro");
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
