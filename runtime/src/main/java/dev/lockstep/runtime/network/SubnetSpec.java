package dev.lockstep.runtime.network;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A range that a network is asked to have.
 *
 * @param range of either family
 * @param gateway address of the bridge; absent: the first one of the range
 * @param ipRange where addresses that nobody asked for come from; absent: the whole range
 * @param reserved addresses that no container gets, by what they are for
 */
public record SubnetSpec(
        Cidr range, Optional<IpAddress> gateway, Optional<Cidr> ipRange, Map<String, IpAddress> reserved) {
    public SubnetSpec {
        // Both ends of an IPv4 range, and the first of an IPv6 one (RFC 4291, 2.6.1), are nobody's; one is the
        // bridge's.
        if (range.prefix() > range.family().bits() - 2) {
            throw new IllegalArgumentException("subnet " + range + " has no room for a container; use /"
                    + (range.family().bits() - 2) + " or larger");
        }
        if (gateway.filter(g -> !range.isHost(g)).isPresent()) {
            throw new IllegalArgumentException("gateway " + gateway.get() + " is no host address of " + range);
        }
        if (ipRange.filter(r -> !range.contains(r)).isPresent()) {
            throw new IllegalArgumentException("ip_range " + ipRange.get() + " is not inside " + range);
        }
        for (var address : reserved.values()) {
            if (!range.contains(address)) {
                throw new IllegalArgumentException("aux address " + address + " is not inside " + range);
            }
        }
        reserved = Collections.unmodifiableMap(new LinkedHashMap<>(reserved));
    }

    /** A range and nothing else. */
    public static SubnetSpec of(Cidr range) {
        return new SubnetSpec(range, Optional.empty(), Optional.empty(), Map.of());
    }

    /** With what was not asked filled in. */
    public Subnet settled() {
        return new Subnet(range, gateway.orElse(range.first()), ipRange.orElse(range), reserved.values());
    }
}
