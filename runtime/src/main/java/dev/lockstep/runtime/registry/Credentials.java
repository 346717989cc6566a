package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.util.List;
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
     * @throws IOException with a sentence that names the file or program that cannot be used
     */
    Optional<Credential> find(String host) throws IOException;

    /** Asks one after the other; the first that knows the host decides. */
    static Credentials firstOf(List<Credentials> sources) {
        var all = List.copyOf(sources);
        return host -> {
            for (var source : all) {
                var found = source.find(host);
                if (found.isPresent()) {
                    return found;
                }
            }
            return Optional.empty();
        };
    }
}
