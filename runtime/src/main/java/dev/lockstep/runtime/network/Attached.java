package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.OwnNameServers;
import java.nio.file.Path;
import java.util.Arrays;
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

    /** The address of that family that leads out and carries published ports. */
    public Optional<IpAddress> address(AddressFamily family) {
        return address(endpoints, family);
    }

    /** Those of the ports that can lead to it from where it is now. */
    public List<PublishedPort> reachable(List<PublishedPort> ports) {
        var families = Arrays.stream(AddressFamily.values())
                .filter(family -> address(family).isPresent())
                .toList();
        return ports.stream()
                .filter(port ->
                        port.hostIp().map(ip -> families.contains(ip.family())).orElse(!families.isEmpty()))
                .toList();
    }

    static Optional<IpAddress> address(List<Endpoint> endpoints, AddressFamily family) {
        return way(endpoints, family).flatMap(e -> e.of(family)).map(EndpointAddress::address);
    }

    /** The end that leads out through the host. */
    static Optional<Endpoint> way(List<Endpoint> endpoints, AddressFamily family) {
        return endpoints.stream()
                // What shares a link of the host is reached there, and not through the host.
                .filter(e -> !e.internal() && e.isOnBridge() && e.of(family).isPresent())
                .findFirst();
    }

    /**
     * Where the container asks for names: the main gateway first, at most three (resolv.conf(5)), or its own server.
     */
    public List<String> nameServers() {
        return endpoints.stream().anyMatch(Endpoint::asksItsOwn)
                ? List.of(OwnNameServers.ADDRESS)
                : gateways(endpoints);
    }

    /** Where the root's name server answers it. */
    static List<String> gateways(List<Endpoint> endpoints) {
        return endpoints.stream()
                .filter(e -> !e.silent())
                .flatMap(e -> e.gateway().stream())
                .map(IpAddress::toString)
                .distinct()
                .limit(3)
                .toList();
    }
}
