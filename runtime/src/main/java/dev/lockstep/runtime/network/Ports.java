package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.LocalPort;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.SocketDiagnosis;
import dev.lockstep.runtime.linux.Sysctls;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Who has which port of the host, and which one is free. */
final class Ports {
    /** The dynamic ports of RFC 6335. */
    private static final int FIRST_DYNAMIC = 49152;

    private static final int LAST = 65535;
    private static final int ATTEMPTS = 1000;

    private final NetworkNamespaces namespaces;
    private final Firewall firewall;
    private final RandomGenerator random;

    Ports(NetworkNamespaces namespaces, Firewall firewall, RandomGenerator random) {
        this.namespaces = namespaces;
        this.firewall = firewall;
        this.random = random;
    }

    /**
     * Who has the port: a container of this root, one of another root, or a process.
     *
     * @param families in which it would be published
     * @param others what containers other than the asking one have published
     */
    Optional<PortHolder> holder(PublishedPort port, Set<AddressFamily> families, List<Publication> others)
            throws IOException {
        return holder(port, families, neighbours(others));
    }

    /** Who else publishes ports: containers of this root, by protocol and port, and other roots. */
    private record Neighbours(Map<String, List<Publication>> containers, List<Firewall.OtherRoot> roots) {
        static String key(PublishedPort port) {
            return port.protocol().number() + " " + port.hostPort().orElseThrow();
        }
    }

    private Neighbours neighbours(List<Publication> others) throws IOException {
        return new Neighbours(
                others.stream().collect(Collectors.groupingBy(p -> Neighbours.key(p.port()))), firewall.otherRoots());
    }

    private Optional<PortHolder> holder(PublishedPort port, Set<AddressFamily> families, Neighbours others)
            throws IOException {
        var published = others.containers().getOrDefault(Neighbours.key(port), List.of()).stream()
                .filter(p -> families.contains(p.address().family()) && p.overlaps(port))
                .findFirst();
        if (published.isPresent()) {
            return Optional.of(new PortHolder.Container(published.get().container()));
        }
        var elsewhere = others.roots().stream()
                .filter(root -> root.collides(port, families))
                .findFirst();
        if (elsewhere.isPresent()) {
            return Optional.of(new PortHolder.OtherRoot(elsewhere.get().table()));
        }
        for (var address : addresses(port, families)) {
            var holder = listener(port, address);
            if (holder.isPresent()) {
                return holder;
            }
        }
        return Optional.empty();
    }

    private static List<IpAddress> addresses(PublishedPort port, Set<AddressFamily> families) {
        return port.hostIp().isPresent()
                ? port.hostIp().filter(ip -> families.contains(ip.family())).stream()
                        .toList()
                : families.stream()
                        .map(f -> f == AddressFamily.IPV4 ? IpAddress.ANY_IPV4 : IpAddress.ANY_IPV6)
                        .toList();
    }

    private Optional<PortHolder> listener(PublishedPort port, IpAddress ip) throws IOException {
        var protocol = port.protocol();
        int number = port.hostPort().orElseThrow();
        return namespaces.home(() -> switch (LocalPort.probe(ip.bytes(), number, protocol.number())) {
            case FREE -> Optional.<PortHolder>empty();
            case TAKEN ->
                Optional.of(SocketDiagnosis.holder(ip.bytes(), number, protocol == PublishedPort.TransportProtocol.UDP)
                        .<PortHolder>map(p -> new PortHolder.OtherProcess(p.pid(), p.command()))
                        .orElse(new PortHolder.OtherProcess(0, "")));
            case NO_SUCH_ADDRESS -> Optional.of(new PortHolder.Nobody("this host has no address " + ip));
            case NO_SUCH_PROTOCOL ->
                Optional.of(new PortHolder.Nobody("this kernel has no "
                        + (protocol == PublishedPort.TransportProtocol.SCTP ? "SCTP (CONFIG_IP_SCTP)" : "IPv6")));
        });
    }

    /** Processes that have sockets on ports that are published, however they came by them. */
    Map<Publication, PortHolder> listeners(List<Publication> published) throws IOException {
        var places = new HashMap<SocketDiagnosis.Place, List<Publication>>();
        for (var publication : published) {
            var any = publication.address().isIpv6() ? IpAddress.ANY_IPV6 : IpAddress.ANY_IPV4;
            // Of SCTP the kernel lists no sockets in this way.
            if (publication.port().protocol() != PublishedPort.TransportProtocol.SCTP) {
                places.computeIfAbsent(
                                new SocketDiagnosis.Place(
                                        InetAddress.getByAddress(
                                                publication.hostIp().orElse(any).bytes()),
                                        publication.hostPort(),
                                        publication.port().protocol() == PublishedPort.TransportProtocol.UDP),
                                _ -> new ArrayList<>())
                        .add(publication);
            }
        }
        var found = new HashMap<Publication, PortHolder>();
        namespaces
                .home(() -> SocketDiagnosis.holders(places.keySet()))
                .forEach((place, holder) -> places.getOrDefault(place, List.of())
                        .forEach(publication ->
                                found.put(publication, new PortHolder.OtherProcess(holder.pid(), holder.command()))));
        return found;
    }

    /**
     * The ports with every host port chosen.
     *
     * @param own what the container has published already: a chosen port is kept, and is not in its own way
     * @throws PortConflictException when somebody has one
     */
    List<PublishedPort> settle(
            List<PublishedPort> wanted, Set<AddressFamily> families, List<Publication> own, List<Publication> others)
            throws IOException {
        var neighbours = neighbours(others);
        var settled = new ArrayList<PublishedPort>();
        for (var port : wanted) {
            if (port.hostPort().isPresent()) {
                settled.add(certain(port, families, own, neighbours));
            }
        }
        for (var port : wanted) {
            if (port.hostPort().isEmpty()) {
                settled.add(any(port, families, own, neighbours, settled));
            }
        }
        var byPort = new HashMap<String, List<PublishedPort>>();
        for (var port : settled) {
            var before = byPort.computeIfAbsent(Neighbours.key(port), _ -> new ArrayList<>());
            for (var other : before) {
                if (overlap(other, port)) {
                    throw new NetworkException(
                            "ports " + other + " and " + port + " of one container want the same port of the host");
                }
            }
            before.add(port);
        }
        return settled;
    }

    private static boolean overlap(PublishedPort one, PublishedPort other) {
        return Stream.of(IpAddress.ANY_IPV4, IpAddress.ANY_IPV6)
                .filter(a ->
                        one.hostIp().filter(ip -> ip.family() != a.family()).isEmpty())
                .anyMatch(a -> new Publication("", a, one).overlaps(other));
    }

    private PublishedPort certain(
            PublishedPort port, Set<AddressFamily> families, List<Publication> own, Neighbours others)
            throws IOException {
        var kept = own.stream().anyMatch(p -> p.port().equals(port));
        var holder = kept ? Optional.<PortHolder>empty() : holder(port, families, others);
        if (holder.isPresent()) {
            throw conflict(port, holder.get());
        }
        return port;
    }

    private static NetworkException conflict(PublishedPort port, PortHolder holder) {
        return holder instanceof PortHolder.Nobody(var why)
                ? new NetworkException("port " + port + " cannot be published: " + why)
                : new PortConflictException(port, holder);
    }

    private PublishedPort any(
            PublishedPort port,
            Set<AddressFamily> families,
            List<Publication> own,
            Neighbours others,
            List<PublishedPort> settled)
            throws IOException {
        for (var publication : own) {
            if (port.chosen(publication.hostPort()).equals(publication.port())
                    && port.choice()
                            .filter(choice -> !choice.has(publication.hostPort()))
                            .isEmpty()
                    && !settled.contains(publication.port())) {
                return publication.port();
            }
        }
        var range = dynamicRange();
        var numbers = port.choice()
                .map(PublishedPort.Choice::ports)
                .orElseGet(() -> random.ints(ATTEMPTS, range[0], range[1] + 1))
                .iterator();
        while (numbers.hasNext()) {
            var candidate = port.chosen(numbers.next());
            if (settled.stream().anyMatch(s -> overlap(s, candidate))) {
                continue;
            }
            var holder = holder(candidate, families, others);
            if (holder.isEmpty()) {
                return candidate;
            }
            if (holder.get() instanceof PortHolder.Nobody) {
                throw conflict(port, holder.get());
            }
        }
        throw new NetworkException("no port from "
                + port.choice().map(PublishedPort.Choice::first).orElse(range[0]) + " to "
                + port.choice().map(PublishedPort.Choice::last).orElse(range[1]) + " is free for " + port);
    }

    /** Dynamic ports that the host's own clients use too: others may be reserved by its owner. */
    private int[] dynamicRange() throws IOException {
        var own = namespaces
                .home(() -> Sysctls.read("net/ipv4/ip_local_port_range"))
                .map(text -> text.split("\\s+"))
                .orElse(new String[] {"32768", "60999"});
        var first = Math.max(FIRST_DYNAMIC, Integer.parseInt(own[0]));
        var last = Math.min(LAST, Integer.parseInt(own[1]));
        return first < last ? new int[] {first, last} : new int[] {FIRST_DYNAMIC, LAST};
    }
}
