package dev.lockstep.runtime.network;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Chooses addresses inside one network. Pure: who is attached is asked of the caller. */
final class Leases {
    /** The address, and the network with the lease in it. */
    record Given(Ipv4 address, NetworkRecord network) {}

    private Leases() {}

    /**
     * An address for a container. A slot keeps its address from container to container; while the predecessor is still
     * attached the successor gets one of its own.
     *
     * @param fixed the address that the user asked for
     * @param attached tells whether a container with that id has links now
     * @throws NetworkException when the fixed address cannot be had, or none is left
     */
    static Given give(
            NetworkRecord network, LeaseKey key, String container, Optional<Ipv4> fixed, Predicate<String> attached)
            throws NetworkException {
        var free = new ArrayList<Lease>();
        for (var lease : network.leases()) {
            var usable = lease.container().equals(container) || !attached.test(lease.container());
            if (lease.key().equals(key) && usable) {
                free.add(lease);
            }
        }
        if (fixed.isPresent()) {
            return giveFixed(network, key, container, fixed.get(), attached);
        }
        var own = free.stream()
                .filter(l -> l.container().equals(container))
                .findFirst()
                .or(() -> free.stream().findFirst());
        var address = own.map(Lease::address);
        var leases = new ArrayList<>(network.leases());
        leases.removeAll(free);
        if (address.isEmpty()) {
            address = Optional.of(next(network));
        }
        leases.add(new Lease(key, address.get(), container));
        var last = own.isPresent() ? network.lastGiven() : address;
        return new Given(address.get(), network.withLeases(last, leases));
    }

    private static Given giveFixed(
            NetworkRecord network, LeaseKey key, String container, Ipv4 address, Predicate<String> attached)
            throws NetworkException {
        if (network.spec().subnet().isEmpty()) {
            throw new NetworkException("network " + network.name() + " has no configured subnet, so " + address
                    + " cannot be asked for there; give the network a subnet");
        }
        if (!isHost(network, address)) {
            throw new NetworkException("address " + address + " is no free host address of network " + network.name()
                    + " (" + network.subnet() + ", gateway " + network.gateway() + ")");
        }
        var leases = new ArrayList<Lease>();
        for (var lease : network.leases()) {
            var sameKey = lease.key().equals(key);
            var inUse = !lease.container().equals(container) && attached.test(lease.container());
            if (lease.address().equals(address) && inUse) {
                throw new NetworkException("address " + address + " of network " + network.name() + " belongs to "
                        + describe(lease.key()));
            }
            if (!lease.address().equals(address) && (!sameKey || inUse)) {
                leases.add(lease);
            }
        }
        leases.add(new Lease(key, address, container));
        return new Given(address, network.withLeases(network.lastGiven(), leases));
    }

    /** The next free one behind the last, around the range once. */
    private static Ipv4 next(NetworkRecord network) throws NetworkException {
        var range = network.spec().ipRange().orElse(network.subnet());
        var taken = network.leases().stream().map(Lease::address).collect(Collectors.toSet());
        var from = network.lastGiven()
                .filter(range::contains)
                .map(a -> (long) a.bits() - range.base().bits() + 1)
                .orElse(0L);
        for (long i = 0; i < range.size(); i++) {
            var candidate = range.base().plus((int) ((from + i) % range.size()));
            if (isHost(network, candidate) && !taken.contains(candidate)) {
                return candidate;
            }
        }
        throw new NetworkException("network " + network.name() + " has no free address left in " + range);
    }

    private static boolean isHost(NetworkRecord network, Ipv4 address) {
        return network.subnet().contains(address)
                && !address.equals(network.subnet().base())
                && !address.equals(network.subnet().broadcast())
                && !address.equals(network.gateway());
    }

    /** The network without the leases of that key. */
    static NetworkRecord release(NetworkRecord network, LeaseKey key) {
        List<Lease> kept =
                network.leases().stream().filter(l -> !l.key().equals(key)).toList();
        return network.withLeases(network.lastGiven(), kept);
    }

    private static String describe(LeaseKey key) {
        return key.service() + " " + key.slot() + (key.stack().isEmpty() ? "" : " of stack " + key.stack());
    }
}
