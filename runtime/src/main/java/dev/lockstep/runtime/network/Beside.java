package dev.lockstep.runtime.network;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * A network that a container is on beside the one that its published ports lead to. Who comes from there to such a port
 * would be answered straight, past the host, from an address that he never spoke to; so he comes in the host's name.
 *
 * @param bridge of that network
 * @param address where the container's ports lead to
 */
record Beside(String bridge, IpAddress address) {
    /**
     * Those of a container.
     *
     * @param networks at least those that it is on; others do no harm
     */
    static List<Beside> of(List<Endpoint> endpoints, Collection<NetworkRecord> networks) {
        var all = new ArrayList<Beside>();
        for (var family : AddressFamily.values()) {
            var way = Attached.way(endpoints, family);
            if (way.isEmpty()) {
                continue;
            }
            var address = way.get().of(family).orElseThrow().address();
            for (var endpoint : endpoints) {
                // From an internal network nobody comes to a published port.
                if (endpoint.isOnBridge()
                        && !endpoint.internal()
                        && endpoint.of(family).isPresent()
                        && !endpoint.network().equals(way.get().network())) {
                    networks.stream()
                            .filter(n -> n.name().equals(endpoint.network()))
                            .forEach(n -> all.add(new Beside(n.bridge(), address)));
                }
            }
        }
        return List.copyOf(all);
    }

    /** Those of all containers. */
    static List<Beside> ofAll(List<AttachmentRecord> attachments, Collection<NetworkRecord> networks) {
        return attachments.stream()
                .flatMap(a -> of(a.endpoints(), networks).stream())
                .toList();
    }

    /** As elements of the sets of {@link Ruleset}. */
    static List<SetChange> changes(SetChange.Verb verb, Collection<Beside> all) {
        var sets = new SetChange.Sorted(Ruleset.BESIDE);
        for (var one : all) {
            sets.put(
                    one.address.isIpv6() ? "beside6" : "beside4",
                    SetElement.of(new Datum.LinkName(one.bridge), new Datum.Address(one.address)));
        }
        return sets.changes(verb);
    }

    /** How {@link Firewall.Loaded#beside} names it. */
    String key() {
        return bridge + " " + address;
    }
}
