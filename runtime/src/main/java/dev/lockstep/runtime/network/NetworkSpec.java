package dev.lockstep.runtime.network;

import dev.lockstep.runtime.store.Owner;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What is asked of one bridge network. Absent means "not asked": what was filled in stands in {@link NetworkRecord}.
 *
 * @param name unique in the root; Docker's rule for names, so it is a file name and a DNS label as well
 * @param owner whose it is
 * @param internal no traffic between the network and the outside; the host still reaches its containers
 * @param subnet absent: a free one from the pool
 * @param gateway address of the bridge; absent: the first one of the subnet
 * @param ipRange where addresses that nobody asked for come from; absent: the subnet
 * @param mtu in bytes; absent: 1500
 * @param driverOptions Docker's options of the bridge driver; only those of {@link #KNOWN_OPTIONS}
 * @param labels the user's own
 */
public record NetworkSpec(
        String name,
        Owner owner,
        boolean internal,
        Optional<Cidr> subnet,
        Optional<Ipv4> gateway,
        Optional<Cidr> ipRange,
        Optional<Integer> mtu,
        Map<String, String> driverOptions,
        Map<String, String> labels) {
    /** Names of driver options that have an effect. */
    public static final Set<String> KNOWN_OPTIONS = Set.of("com.docker.network.driver.mtu");

    public NetworkSpec {
        if (!name.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}")) {
            throw new IllegalArgumentException("invalid network name \"" + name + "\"");
        }
        for (var option : driverOptions.keySet()) {
            if (!KNOWN_OPTIONS.contains(option)) {
                throw new IllegalArgumentException("network " + name + ": driver option " + option
                        + " is not supported; known are " + KNOWN_OPTIONS);
            }
        }
        if (mtu.isEmpty()) {
            mtu = Optional.ofNullable(driverOptions.get("com.docker.network.driver.mtu"))
                    .map(text -> number(text));
        }
        if (mtu.filter(m -> m < 68 || m > 65535).isPresent()) {
            throw new IllegalArgumentException("network " + name + ": the MTU goes from 68 to 65535 bytes");
        }
        if (subnet.filter(s -> s.prefix() > 30).isPresent()) {
            throw new IllegalArgumentException(
                    "network " + name + ": subnet " + subnet.get() + " has no room for a container; use /30 or larger");
        }
        if (subnet.isEmpty() && (gateway.isPresent() || ipRange.isPresent())) {
            throw new IllegalArgumentException("network " + name + ": gateway and ip_range need a subnet");
        }
        if (subnet.isPresent()) {
            var within = subnet.get();
            if (gateway.filter(g -> !within.contains(g) || g.equals(within.base()) || g.equals(within.broadcast()))
                    .isPresent()) {
                throw new IllegalArgumentException(
                        "network " + name + ": gateway " + gateway.get() + " is no host address of " + within);
            }
            if (ipRange.filter(r -> !within.contains(r)).isPresent()) {
                throw new IllegalArgumentException(
                        "network " + name + ": ip_range " + ipRange.get() + " is not inside " + within);
            }
        }
        driverOptions = Collections.unmodifiableMap(new LinkedHashMap<>(driverOptions));
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the MTU is a number of bytes, got \"" + text + "\"", e);
        }
    }
}
