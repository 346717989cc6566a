package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.util.Optional;

/** Knows accounts on registries. Asked only when a registry wants one, and for that registry's host alone. */
@FunctionalInterface
public interface Credentials {
    /** Knows nobody: everything is anonymous. */
    Credentials NONE = host -> Optional.empty();

    /**
     * The account to use.
     *
     * @param host as references name it, e.g. {@code docker.io} or {@code registry.example:5000}
     */
    Optional<Credential> find(String host) throws IOException;
}
