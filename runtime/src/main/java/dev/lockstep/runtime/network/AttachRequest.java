package dev.lockstep.runtime.network;

import java.util.List;

/**
 * A container that wants to be on networks.
 *
 * @param container its id, 64 hexadecimal digits
 * @param key whom its addresses belong to
 * @param networks where; none: a namespace with {@code lo} only
 * @param dnsNames its names on every network: service, container name, short id
 * @param dnsServers who is asked for names that are not ours, instead of the host's servers
 */
public record AttachRequest(
        String container, LeaseKey key, List<AttachmentSpec> networks, List<String> dnsNames, List<String> dnsServers) {
    public AttachRequest {
        networks = List.copyOf(networks);
        dnsNames = List.copyOf(dnsNames);
        dnsServers = List.copyOf(dnsServers);
        if (networks.stream().map(AttachmentSpec::network).distinct().count() != networks.size()) {
            throw new IllegalArgumentException("container " + container + " names a network twice");
        }
        if (!container.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]*")) {
            throw new IllegalArgumentException("invalid container id \"" + container + "\"");
        }
    }
}
