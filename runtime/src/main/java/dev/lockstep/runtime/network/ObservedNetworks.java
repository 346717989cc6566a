package dev.lockstep.runtime.network;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the kernel says about the networks of this root.
 *
 * @param networks sorted by name
 * @param containers by container id, sorted
 */
public record ObservedNetworks(List<ObservedNetwork> networks, Map<String, ObservedAttachment> containers) {
    public ObservedNetworks {
        networks = List.copyOf(networks);
        containers = Collections.unmodifiableMap(new LinkedHashMap<>(containers));
    }

    /** The container of that id, if it has networks. */
    public Optional<ObservedAttachment> container(String id) {
        return Optional.ofNullable(containers.get(id));
    }
}
