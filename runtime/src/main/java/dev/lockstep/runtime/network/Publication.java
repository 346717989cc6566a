package dev.lockstep.runtime.network;

import java.util.Optional;

/**
 * A published port in effect.
 *
 * @param container id of the container it leads to
 * @param address that container's address
 * @param port with its host port
 */
record Publication(String container, Ipv4 address, PublishedPort port) {
    Publication {
        if (port.hostPort().isEmpty()) {
            throw new IllegalArgumentException("published port " + port + " has no host port yet");
        }
    }

    int hostPort() {
        return port.hostPort().orElseThrow();
    }

    /** True when both want the same packets; no address means every address. */
    boolean overlaps(PublishedPort other) {
        return port.protocol() == other.protocol()
                && port.hostPort().equals(other.hostPort())
                && (hostIp(port).isEmpty()
                        || hostIp(other).isEmpty()
                        || hostIp(port).equals(hostIp(other)));
    }

    /** The host address, where it is a certain one. */
    static Optional<Ipv4> hostIp(PublishedPort port) {
        return port.hostIp().filter(ip -> !ip.equals("0.0.0.0")).map(Ipv4::parse);
    }
}
