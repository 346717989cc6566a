package dev.lockstep.runtime.network;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A network as it was made: what was asked, what was filled in, and who has which address.
 *
 * @param id 64 hexadecimal digits
 * @param spec what was asked
 * @param subnet in effect
 * @param gateway address of the bridge
 * @param bridge name of the link
 * @param mtu in bytes, of the bridge and both ends of each veth pair
 * @param created when
 * @param lastGiven the address given out last; the next one comes behind it, because peers remember recent addresses
 * @param leases sorted by address
 */
public record NetworkRecord(
        String id,
        NetworkSpec spec,
        Cidr subnet,
        Ipv4 gateway,
        String bridge,
        int mtu,
        Instant created,
        Optional<Ipv4> lastGiven,
        List<Lease> leases) {
    public NetworkRecord {
        leases = leases.stream().sorted(Comparator.comparing(Lease::address)).toList();
    }

    public String name() {
        return spec.name();
    }

    NetworkRecord withSpec(NetworkSpec changed) {
        return new NetworkRecord(id, changed, subnet, gateway, bridge, mtu, created, lastGiven, leases);
    }

    NetworkRecord withLeases(Optional<Ipv4> last, List<Lease> changed) {
        return new NetworkRecord(id, spec, subnet, gateway, bridge, mtu, created, last, changed);
    }
}
