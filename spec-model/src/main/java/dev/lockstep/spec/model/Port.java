package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * One container port made reachable from the host.
 *
 * @param hostIp the host's address to listen on; all of them when empty. IPv6 without brackets
 * @param published the host's port; empty lets the engine choose, a range lets it choose within that range
 * @param target the container's port
 * @param mode {@code ingress} or {@code host}; both mean the same on one host
 * @param name a name for people
 * @param appProtocol what is spoken on the port, for people
 */
public record Port(
        Optional<String> hostIp,
        Optional<PortRange> published,
        int target,
        Protocol protocol,
        String mode,
        Optional<String> name,
        Optional<String> appProtocol) {
    public Port {
        if (target < 1 || target > 65535) {
            throw new IllegalArgumentException(
                    "container port " + target + " is out of range. Ports go from 1 to 65535");
        }
    }

    /** A port as the short form writes it. */
    public Port(Optional<String> hostIp, Optional<PortRange> published, int target, Protocol protocol) {
        this(hostIp, published, target, protocol, "ingress", Optional.empty(), Optional.empty());
    }
}
