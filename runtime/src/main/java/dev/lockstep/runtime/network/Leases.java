package dev.lockstep.runtime.network;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Chooses addresses inside one network. Pure: who is attached is asked of the caller. */
final class Leases {
    /** The addresses, one of each family that the network has, and the network with the leases in it. */
    record Given(List<EndpointAddress> addresses, NetworkRecord network) {}

    private Leases() {}

    /**
     * Addresses for a container. A slot keeps its addresses from container to container; while the predecessor is still
     * attached the successor gets some of its own.
     *
     * @param fixed the addresses that the user asked for
     * @param attached tells whether a container with that id has links now
     * @throws NetworkException when a fixed address cannot be had, or none is left
     */
    static Given give(
            NetworkRecord network, LeaseKey key, String container, List<IpAddress> fixed, Predicate<String> attached)
            throws NetworkException {
        var addresses = new ArrayList<EndpointAddress>();
        var changed = network;
        for (var family : AddressFamily.values()) {
            var asked = fixed.stream().filter(a -> a.family() == family).findFirst();
            if (asked.isPresent()) {
                changed = giveFixed(changed, key, container, asked.get(), attached);
                addresses.add(place(changed, asked.get()));
            } else if (network.has(family)) {
                var before = changed.leases();
                changed = giveAny(changed, key, container, family, attached);
                var given = changed.leases().stream()
                        .filter(l -> l.key().equals(key) && l.container().equals(container))
                        .filter(l -> l.address().family() == family)
                        .findFirst()
                        .orElseThrow(() -> new IllegalStateException("no lease was made in " + before));
                addresses.add(place(changed, given.address()));
            }
        }
        return new Given(List.copyOf(addresses), changed);
    }

    private static EndpointAddress place(NetworkRecord network, IpAddress address) {
        var subnet = network.around(address).orElseThrow();
        return new EndpointAddress(address, subnet.range(), subnet.gateway());
    }

    private static NetworkRecord giveAny(
            NetworkRecord network, LeaseKey key, String container, AddressFamily family, Predicate<String> attached)
            throws NetworkException {
        var free = new ArrayList<Lease>();
        for (var lease : network.leases()) {
            var own = lease.key().equals(key) && lease.address().family() == family;
            // Asked last: the answer is on disk, and hundreds of leases are somebody else's.
            if (own && (lease.container().equals(container) || !attached.test(lease.container()))) {
                free.add(lease);
            }
        }
        var kept = free.stream()
                .filter(l -> l.container().equals(container))
                .findFirst()
                .or(() -> free.stream().findFirst());
        var leases = new ArrayList<>(network.leases());
        leases.removeAll(free);
        if (kept.isPresent()) {
            leases.add(new Lease(key, kept.get().address(), container));
            return network.withLeases(network.lastGiven(), leases);
        }
        var address = next(network, family);
        leases.add(new Lease(key, address, container));
        var range = network.around(address).orElseThrow().range();
        var last = new ArrayList<>(network.lastGiven());
        last.removeIf(range::contains);
        last.add(address);
        return network.withLeases(last, leases);
    }

    /**
     * The network with a lease of that very address.
     *
     * @throws NetworkException when it cannot be had
     */
    static NetworkRecord giveFixed(
            NetworkRecord network, LeaseKey key, String container, IpAddress address, Predicate<String> attached)
            throws NetworkException {
        if (network.spec().subnets(address.family()).isEmpty()) {
            throw new NetworkException("network " + network.name() + " has no configured "
                    + (network.has(address.family()) ? "" : address.family() + " ") + "subnet, so " + address
                    + " cannot be asked for there; give the network a subnet");
        }
        if (network.around(address).filter(s -> s.isHost(address)).isEmpty()) {
            throw new NetworkException("address " + address + " is no free host address of network " + network.name()
                    + " (" + describe(network, address.family()) + ")");
        }
        var leases = new ArrayList<Lease>();
        for (var lease : network.leases()) {
            var sameKey = lease.key().equals(key) && lease.address().family() == address.family();
            var sameAddress = lease.address().equals(address);
            var inUse = (sameKey || sameAddress)
                    && !lease.container().equals(container)
                    && attached.test(lease.container());
            if (sameAddress && inUse) {
                throw new NetworkException("address " + address + " of network " + network.name() + " belongs to "
                        + describe(lease.key()) + "; ask for another one, or remove the container that has it");
            }
            if (!sameAddress && (!sameKey || inUse)) {
                leases.add(lease);
            }
        }
        leases.add(new Lease(key, address, container));
        return network.withLeases(network.lastGiven(), leases);
    }

    /** The network with that address kept for the slot, or as it was where the slot cannot have it. */
    static NetworkRecord reserve(NetworkRecord network, LeaseKey key, IpAddress address, Predicate<String> attached) {
        if (has(network, key, address)) {
            return network;
        }
        try {
            return giveFixed(network, key, "", address, attached);
        } catch (NetworkException e) {
            return network;
        }
    }

    /** Why the slot cannot have that address, a sentence. */
    static Optional<String> obstacle(
            NetworkRecord network, LeaseKey key, IpAddress address, Predicate<String> attached) {
        if (has(network, key, address)) {
            return Optional.empty();
        }
        try {
            giveFixed(network, key, "", address, attached);
            return Optional.empty();
        } catch (NetworkException e) {
            return Optional.ofNullable(e.getMessage());
        }
    }

    private static boolean has(NetworkRecord network, LeaseKey key, IpAddress address) {
        return network.leases().stream()
                .anyMatch(lease -> lease.key().equals(key) && lease.address().equals(address));
    }

    /** The next free one behind the last, around each range once. */
    private static IpAddress next(NetworkRecord network, AddressFamily family) throws NetworkException {
        var taken = new HashSet<IpAddress>();
        network.leases().forEach(lease -> taken.add(lease.address()));
        for (var subnet : network.subnets(family)) {
            taken.addAll(subnet.reserved());
            var found = next(subnet, taken, network.lastGiven());
            if (found.isPresent()) {
                return found.get();
            }
        }
        var ranges = network.subnets(family).stream()
                .map(s -> s.dynamic().toString())
                .toList();
        throw new NetworkException(
                "network " + network.name() + " has no free address left in " + String.join(", ", ranges));
    }

    private static Optional<IpAddress> next(Subnet subnet, Set<IpAddress> taken, List<IpAddress> lastGiven) {
        var range = subnet.dynamic();
        var candidate = lastGiven.stream()
                .filter(range::contains)
                .findFirst()
                .map(last -> behind(last, range))
                .orElse(range.base());
        // Beside those that are taken, three are nobody's: of one more than all of them one is free.
        for (var i = 0; i <= taken.size() + 3; i++) {
            if (subnet.isHost(candidate) && !taken.contains(candidate)) {
                return Optional.of(candidate);
            }
            candidate = behind(candidate, range);
        }
        return Optional.empty();
    }

    private static IpAddress behind(IpAddress address, Cidr range) {
        return address.equals(range.last()) ? range.base() : address.plus(1);
    }

    /** The network without the leases of that key. */
    static NetworkRecord release(NetworkRecord network, LeaseKey key) {
        return release(network, key, _ -> false);
    }

    /** The same, but for those of containers that are attached. */
    static NetworkRecord release(NetworkRecord network, LeaseKey key, Predicate<String> attached) {
        return keeping(network, l -> !l.key().equals(key) || attached.test(l.container()));
    }

    /** The network without the leases that a container has. */
    static NetworkRecord without(NetworkRecord network, String container) {
        return keeping(network, l -> !l.container().equals(container));
    }

    private static NetworkRecord keeping(NetworkRecord network, Predicate<Lease> which) {
        List<Lease> kept = network.leases().stream().filter(which).toList();
        return network.withLeases(network.lastGiven(), kept);
    }

    private static String describe(NetworkRecord network, AddressFamily family) {
        return String.join(
                ", ",
                network.subnets(family).stream()
                        .map(s -> s.range() + ", gateway " + s.gateway())
                        .toList());
    }

    private static String describe(LeaseKey key) {
        if (key.service().matches("[0-9a-f]{64}")) {
            return "container " + key.service().substring(0, 12);
        }
        return key.service() + " " + key.slot() + (key.stack().isEmpty() ? "" : " of stack " + key.stack());
    }
}
