package dev.lockstep.runtime.network;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A network as it was made: what was asked, what was filled in, and who has which address.
 *
 * @param id 64 hexadecimal digits
 * @param spec what was asked
 * @param subnets ranges in effect, those of IPv4 first
 * @param bridge name of the link
 * @param mtu in bytes, of the bridge and both ends of each veth pair
 * @param created when
 * @param lastGiven the address of each range given out last; the next one comes behind it, because peers remember
 *     recent addresses
 * @param leases sorted by address
 */
public record NetworkRecord(
        String id,
        NetworkSpec spec,
        List<Subnet> subnets,
        String bridge,
        int mtu,
        Instant created,
        List<IpAddress> lastGiven,
        List<Lease> leases) {
    public NetworkRecord {
        subnets = subnets.stream().sorted(Comparator.comparing(Subnet::family)).toList();
        lastGiven = List.copyOf(lastGiven);
        leases = leases.stream().sorted(Comparator.comparing(Lease::address)).toList();
    }

    public String name() {
        return spec.name();
    }

    /** The ranges of one family. */
    public List<Subnet> subnets(AddressFamily family) {
        return subnets.stream().filter(s -> s.family() == family).toList();
    }

    /** Whether its containers have addresses of the family. */
    public boolean has(AddressFamily family) {
        return subnets.stream().anyMatch(s -> s.family() == family);
    }

    /** The addresses of its bridge. */
    public List<IpAddress> gateways() {
        return subnets.stream().map(Subnet::gateway).toList();
    }

    /** The ranges, for people. */
    public String ranges() {
        return subnets.stream().map(s -> s.range().toString()).collect(Collectors.joining(", "));
    }

    /** The range that the address is in. */
    Optional<Subnet> around(IpAddress address) {
        return subnets.stream().filter(s -> s.range().contains(address)).findFirst();
    }

    /**
     * Why a slot cannot have an address here that it asks for, a sentence; empty: it can.
     *
     * @param attached tells whether a container with that id has links now, and keeps its addresses
     */
    public Optional<String> obstacle(LeaseKey key, IpAddress address, Predicate<String> attached) {
        return Leases.obstacle(this, key, address, attached);
    }

    NetworkRecord withSpec(NetworkSpec changed) {
        return new NetworkRecord(id, changed, subnets, bridge, mtu, created, lastGiven, leases);
    }

    NetworkRecord withLeases(List<IpAddress> last, List<Lease> changed) {
        return new NetworkRecord(id, spec, subnets, bridge, mtu, created, last, changed);
    }
}
