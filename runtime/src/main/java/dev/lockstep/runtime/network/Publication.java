package dev.lockstep.runtime.network;

import java.util.Optional;

/**
 * A published port in effect.
 *
 * @param container id of the container it leads to
 * @param address that container's address; a port of both families is published twice
 * @param port with its host port
 * @param routed no address is translated: the port is reached at the container's own address by who has a route there
 */
record Publication(String container, IpAddress address, PublishedPort port, boolean routed) {
    /** One that is reached through the host. */
    Publication(String container, IpAddress address, PublishedPort port) {
        this(container, address, port, false);
    }

    Publication {
        if (port.hostPort().isEmpty()) {
            throw new IllegalArgumentException("published port " + port + " has no host port yet");
        }
    }

    int hostPort() {
        return port.hostPort().orElseThrow();
    }

    /** True when it has packets that the other port wants; no address means every address. */
    boolean overlaps(PublishedPort other) {
        var own = hostIp();
        var wanted = other.hostIp();
        return !routed
                && port.protocol() == other.protocol()
                && port.hostPort().equals(other.hostPort())
                && (wanted.isEmpty()
                        || wanted.get().family() == address.family()
                                && (own.isEmpty() || wanted.get().isAny() || own.equals(wanted)));
    }

    /** The host address, where it is a certain one. */
    Optional<IpAddress> hostIp() {
        return port.hostIp().filter(ip -> !ip.isAny());
    }
}
