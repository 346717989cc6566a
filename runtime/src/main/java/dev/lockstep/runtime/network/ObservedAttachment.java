package dev.lockstep.runtime.network;

import java.util.List;

/**
 * A container's networks as the kernel has them.
 *
 * @param attached what was made for it
 * @param namespace the namespace is still pinned
 * @param missingNetworks networks whose link is gone
 * @param ports published ports that really are in the map
 * @param missingPorts published ports that somebody took out of the map
 */
public record ObservedAttachment(
        Attached attached,
        boolean namespace,
        List<String> missingNetworks,
        List<PublishedPort> ports,
        List<PublishedPort> missingPorts) {
    public ObservedAttachment {
        missingNetworks = List.copyOf(missingNetworks);
        ports = List.copyOf(ports);
        missingPorts = List.copyOf(missingPorts);
    }

    /** Nothing is missing. */
    public boolean intact() {
        return namespace && missingNetworks.isEmpty() && missingPorts.isEmpty();
    }
}
