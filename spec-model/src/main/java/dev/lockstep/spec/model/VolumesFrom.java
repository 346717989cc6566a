package dev.lockstep.spec.model;

import java.util.Optional;

/** Somebody whose mounts a service gets as well. */
public sealed interface VolumesFrom {
    /** {@code ro} or {@code rw}; as the other one has them when empty. */
    Optional<String> access();

    /** A service of the project. */
    record OfService(String service, Optional<String> access) implements VolumesFrom {
        @Override
        public String toString() {
            return service + access.map(a -> ":" + a).orElse("");
        }
    }

    /** A container by its name or id. */
    record OfContainer(String container, Optional<String> access) implements VolumesFrom {
        @Override
        public String toString() {
            return "container:" + container + access.map(a -> ":" + a).orElse("");
        }
    }

    /** Reads {@code SERVICE[:ro|rw]} or {@code container:NAME[:ro|rw]}. */
    static VolumesFrom parse(String text) {
        var container = text.startsWith("container:");
        var rest = container ? text.substring("container:".length()) : text;
        var colon = rest.indexOf(':');
        var name = colon < 0 ? rest : rest.substring(0, colon);
        Optional<String> access = colon < 0 ? Optional.empty() : Optional.of(rest.substring(colon + 1));
        return container ? new OfContainer(name, access) : new OfService(name, access);
    }
}
