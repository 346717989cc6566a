package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.store.Owner;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What is asked of one network. Absent means "not asked": what was filled in stands in {@link NetworkRecord}.
 *
 * @param name unique in the root; Docker's rule for names, so it is a file name and a DNS label as well
 * @param owner whose it is
 * @param internal no traffic between the network and the outside; the host still reaches its containers
 * @param ipv4 its containers have IPv4 addresses
 * @param ipv6 its containers have IPv6 addresses
 * @param subnets ranges; for a family without one a free range of the pool is taken
 * @param mtu in bytes; absent: 1500
 * @param driverOptions Docker's options of the driver, see {@link DriverOptions}
 * @param labels the user's own
 * @param driver {@code bridge}, {@code macvlan} or {@code ipvlan}
 * @param attachable as written: nothing hangs on it, every network takes containers of others
 */
public record NetworkSpec(
        String name,
        Owner owner,
        boolean internal,
        boolean ipv4,
        boolean ipv6,
        List<SubnetSpec> subnets,
        Optional<Integer> mtu,
        Map<String, String> driverOptions,
        Map<String, String> labels,
        String driver,
        boolean attachable) {
    public NetworkSpec {
        if (!name.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}")) {
            throw new IllegalArgumentException("invalid network name \"" + name + "\"");
        }
        if (NameServer.isReserved(name)) {
            throw new IllegalArgumentException("a network cannot be called \"" + name
                    + "\": the name server keeps its pid in the file of that name");
        }
        // A record of an earlier version has none.
        driver = Objects.requireNonNullElse(driver, "bridge");
        try {
            var options = DriverOptions.of(driver, driverOptions, internal);
            if (mtu.isEmpty()) {
                mtu = options.mtu();
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("network " + name + ": " + e.getMessage(), e);
        }
        if (mtu.filter(m -> m < 68 || m > 65535).isPresent()) {
            throw new IllegalArgumentException("network " + name + ": the MTU goes from 68 to 65535 bytes");
        }
        if (!ipv4 && !ipv6) {
            throw new IllegalArgumentException("network " + name + " has addresses of neither family");
        }
        for (var subnet : subnets) {
            if (!(subnet.range().family() == AddressFamily.IPV4 ? ipv4 : ipv6)) {
                throw new IllegalArgumentException("network " + name + " has a subnet " + subnet.range() + " and no "
                        + subnet.range().family() + " addresses");
            }
            if (subnets.stream().filter(s -> s.range().overlaps(subnet.range())).count() > 1) {
                throw new IllegalArgumentException(
                        "network " + name + ": subnet " + subnet.range() + " overlaps another one of it");
            }
        }
        subnets = List.copyOf(subnets);
        driverOptions = Collections.unmodifiableMap(new LinkedHashMap<>(driverOptions));
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }

    /** A bridge. */
    public NetworkSpec(
            String name,
            Owner owner,
            boolean internal,
            boolean ipv4,
            boolean ipv6,
            List<SubnetSpec> subnets,
            Optional<Integer> mtu,
            Map<String, String> driverOptions,
            Map<String, String> labels) {
        this(name, owner, internal, ipv4, ipv6, subnets, mtu, driverOptions, labels, "bridge", false);
    }

    /** What its driver's options say. */
    public DriverOptions options() {
        return DriverOptions.of(driver, driverOptions, internal);
    }

    /** Whether it has a bridge, and not a share in one of the host's links. */
    public boolean isBridge() {
        return driver.equals("bridge");
    }

    /** A network that asks for nothing: IPv4 addresses of the pool. */
    public static NetworkSpec plain(String name, Owner owner) {
        return new NetworkSpec(name, owner, false, true, false, List.of(), Optional.empty(), Map.of(), Map.of());
    }

    /** The families that its containers have addresses of. */
    public List<AddressFamily> families() {
        return Stream.of(AddressFamily.values())
                .filter(family -> family == AddressFamily.IPV4 ? ipv4 : ipv6)
                .toList();
    }

    /** Whether ports of its containers can be published: bridges that are not internal. */
    public boolean mayPublish() {
        return isBridge() && !internal;
    }

    /**
     * What a port is that a container publishes by this network, which is its way in for IPv4: one without an address
     * is at that of the host that the network says, and in IPv6 at all of them.
     *
     * @param families that the container has
     */
    public List<PublishedPort> bound(PublishedPort port, Set<AddressFamily> families) {
        var binding = options().hostBinding().map(IpAddress::parse).filter(ip -> !ip.isAny());
        if (binding.isEmpty() || port.hostIp().isPresent()) {
            return List.of(port);
        }
        return Stream.of(binding.get(), IpAddress.ANY_IPV6)
                .filter(ip -> ip.family() == AddressFamily.IPV4 || families.contains(AddressFamily.IPV6))
                .map(port::at)
                .toList();
    }

    /** The families in which published ports of its containers are ports of the host: not those that are routed. */
    public List<AddressFamily> translated() {
        return mayPublish()
                ? families().stream()
                        .filter(family -> options().gatewayMode(family) != DriverOptions.GatewayMode.ROUTED)
                        .toList()
                : List.of();
    }

    /** The ranges of one family that were asked for. */
    public List<SubnetSpec> subnets(AddressFamily family) {
        return subnets.stream().filter(s -> s.range().family() == family).toList();
    }
}
