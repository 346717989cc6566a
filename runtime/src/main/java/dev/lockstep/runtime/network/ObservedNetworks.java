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
 * @param overlaps what has come to overlap a network since that was made, as sentences
 */
public record ObservedNetworks(
        List<ObservedNetwork> networks, Map<String, ObservedAttachment> containers, List<String> overlaps) {
    public ObservedNetworks {
        networks = List.copyOf(networks);
        overlaps = List.copyOf(overlaps);
        containers = Collections.unmodifiableMap(new LinkedHashMap<>(containers));
    }

    /** Networks that nothing overlaps. */
    public ObservedNetworks(List<ObservedNetwork> networks, Map<String, ObservedAttachment> containers) {
        this(networks, containers, List.of());
    }

    /** The container of that id, if it has networks. */
    public Optional<ObservedAttachment> container(String id) {
        return Optional.ofNullable(containers.get(id));
    }
}
