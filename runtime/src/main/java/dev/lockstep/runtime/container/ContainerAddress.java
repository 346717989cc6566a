package dev.lockstep.runtime.container;

import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.Endpoint;
import java.util.Objects;

/**
 * Where a running container is reached on one network.
 *
 * @param network name of the network
 * @param ipv4 in dotted form; empty where it has none
 * @param ipv6 in the short form; empty where it has none
 */
public record ContainerAddress(String network, String ipv4, String ipv6) {
    public ContainerAddress {
        // A record of an earlier version has none.
        ipv6 = Objects.requireNonNullElse(ipv6, "");
    }

    /** Of one end of the container. */
    public static ContainerAddress of(Endpoint end) {
        return new ContainerAddress(end.network(), address(end, AddressFamily.IPV4), address(end, AddressFamily.IPV6));
    }

    private static String address(Endpoint end, AddressFamily family) {
        return end.of(family).map(a -> a.address().toString()).orElse("");
    }
}
