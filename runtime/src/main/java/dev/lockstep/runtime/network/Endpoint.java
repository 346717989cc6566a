package dev.lockstep.runtime.network;

import java.util.List;

/**
 * One container on one network.
 *
 * @param network name of the network
 * @param aliases DNS names of the container there, beside those it has everywhere
 * @param address its address
 * @param subnet of the network
 * @param gateway address of the network's bridge; also where names are answered
 * @param internal the network has no way out, so this end never carries the default route
 * @param mac of the end inside
 * @param interfaceName of the end inside, {@code eth0}
 * @param hostLink name of the end on the host
 * @param priority the highest one carries the default route
 */
public record Endpoint(
        String network,
        List<String> aliases,
        Ipv4 address,
        Cidr subnet,
        Ipv4 gateway,
        boolean internal,
        String mac,
        String interfaceName,
        String hostLink,
        int priority) {
    public Endpoint {
        aliases = List.copyOf(aliases);
    }
}
