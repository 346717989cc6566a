package dev.lockstep.runtime.network;

import java.util.Collection;
import java.util.List;

/**
 * A range of a network, as it is in effect.
 *
 * @param range of either family
 * @param gateway address of the bridge in it
 * @param dynamic where addresses that nobody asked for come from
 * @param reserved addresses that no container gets
 */
public record Subnet(Cidr range, IpAddress gateway, Cidr dynamic, Collection<IpAddress> reserved) {
    public Subnet {
        reserved = List.copyOf(reserved);
    }

    public AddressFamily family() {
        return range.family();
    }

    /** Whether a container can have the address if it asks for it. */
    boolean isHost(IpAddress address) {
        return range.isHost(address) && !address.equals(gateway) && !reserved.contains(address);
    }
}
