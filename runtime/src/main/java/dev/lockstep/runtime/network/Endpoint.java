package dev.lockstep.runtime.network;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One container on one network.
 *
 * @param network name of the network
 * @param aliases DNS names of the container there, beside those it has everywhere
 * @param addresses at most one of each family, that of IPv4 first
 * @param internal the network has no way out, so this end never carries the default route
 * @param mac of the end inside
 * @param interfaceName of the end inside, {@code eth0}
 * @param hostLink name of the end on the host; empty where there is none
 * @param priority the highest one carries the default route, where no other says so
 * @param options what else was asked for
 * @param silent the root's name server is not asked at the gateway: it is no bridge of ours, or has no address of ours
 * @param apart containers of the network do not reach each other but through published ports
 */
public record Endpoint(
        String network,
        List<String> aliases,
        List<EndpointAddress> addresses,
        boolean internal,
        String mac,
        String interfaceName,
        String hostLink,
        int priority,
        EndpointOptions options,
        boolean silent,
        boolean apart) {
    public Endpoint {
        aliases = List.copyOf(aliases);
        addresses = List.copyOf(addresses);
        // A record of an earlier version has none.
        options = Objects.requireNonNullElse(options, EndpointOptions.NONE);
    }

    /** Whether it has an end on a bridge of ours, and not a share in a link of the host. */
    boolean isOnBridge() {
        return !hostLink.isEmpty();
    }

    /** Links that say more than the name that the target has anyway. */
    List<EndpointOptions.Link> furtherNames() {
        return options.links().stream()
                .filter(link -> !link.alias().equals(link.target()))
                .toList();
    }

    /** Whether a container with such an end asks a name server of its own, see {@link OwnNames}. */
    boolean asksItsOwn() {
        return silent || !furtherNames().isEmpty();
    }

    /** 64 hexadecimal digits that are of this end alone; the same for as long as the container is on the network. */
    public String id() {
        return Links.digest("endpoint " + network + " " + addresses);
    }

    /** Its address of that family. */
    public Optional<EndpointAddress> of(AddressFamily family) {
        return addresses.stream().filter(a -> a.address().family() == family).findFirst();
    }

    /** The gateway that it asks for names, and that is the way to the host. */
    public Optional<IpAddress> gateway() {
        return addresses.stream().findFirst().map(EndpointAddress::gateway);
    }
}
