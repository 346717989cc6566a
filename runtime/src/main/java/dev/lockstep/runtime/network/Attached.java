package dev.lockstep.runtime.network;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A container's place on its networks.
 *
 * @param container id of the container
 * @param namespace file that pins its network namespace
 * @param endpoints the one with the default route first, then by priority and name; empty: only {@code lo}
 */
public record Attached(String container, Path namespace, List<Endpoint> endpoints) {
    public Attached {
        endpoints = List.copyOf(endpoints);
    }

    /** The end that carries the default route and published ports. */
    public Optional<Endpoint> main() {
        return endpoints.stream().findFirst();
    }

    /** Where the container asks for names: the main gateway first, at most three (resolv.conf(5)). */
    public List<String> nameServers() {
        return endpoints.stream()
                .map(e -> e.gateway().toString())
                .distinct()
                .limit(3)
                .toList();
    }
}
