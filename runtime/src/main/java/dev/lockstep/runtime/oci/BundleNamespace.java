package dev.lockstep.runtime.oci;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A namespace of a container; what is not named is the host's.
 *
 * @param type as the OCI runtime specification calls it: {@code pid}, {@code network}, …
 * @param path file that pins one to enter; absent: a new one
 */
public record BundleNamespace(String type, Optional<Path> path) {
    /** A new one. */
    public static BundleNamespace created(String type) {
        return new BundleNamespace(type, Optional.empty());
    }
}
