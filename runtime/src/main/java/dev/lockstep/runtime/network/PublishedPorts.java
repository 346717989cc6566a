package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NftablesException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which ports of the host lead to which container: the file, the map of the rules, and connections that go through it
 * already. The network lock is held.
 */
final class PublishedPorts {
    private static final Logger log = LoggerFactory.getLogger(PublishedPorts.class);

    private final NetworkFiles files;
    private final Firewall firewall;
    private final Flows flows;
    private final Ports ports;
    private final Bridges bridges;

    PublishedPorts(NetworkFiles files, Firewall firewall, Flows flows, Ports ports, Bridges bridges) {
        this.files = files;
        this.firewall = firewall;
        this.flows = flows;
        this.ports = ports;
        this.bridges = bridges;
    }

    /** The container's ports that are published. */
    List<PublishedPort> of(String container) throws IOException {
        return of(container, files.published()).stream()
                .map(Publication::port)
                .distinct()
                .toList();
    }

    static List<Publication> of(String container, List<Publication> published) {
        return published.stream().filter(p -> p.container().equals(container)).toList();
    }

    private static List<Publication> without(String container, List<Publication> published) {
        return published.stream().filter(p -> !p.container().equals(container)).toList();
    }

    /** Who has the port, the container {@code except} aside. */
    Optional<PortHolder> holder(PublishedPort port, Set<AddressFamily> families, String except) throws IOException {
        return port.hostPort().isEmpty()
                ? Optional.empty()
                : ports.holder(port, families, without(except, files.published()));
    }

    /** See {@link Networks#listeners}. */
    List<String> listeners() throws IOException {
        var published = files.published().stream().filter(p -> !p.routed()).toList();
        if (published.isEmpty()) {
            return List.of();
        }
        var holders = ports.listeners(published);
        var families = new LinkedHashMap<String, Set<AddressFamily>>();
        for (var publication : published) {
            var holder = holders.get(publication);
            if (holder != null) {
                var port = publication.port();
                families.computeIfAbsent(
                                "on port "
                                        + publication
                                                .hostIp()
                                                .map(ip -> ip.beforePort() + ":")
                                                .orElse("")
                                        + publication.hostPort() + "/"
                                        + port.protocol().lowerCase() + ", published of "
                                        + name(publication.container()) + ", " + holder
                                        + " listens too and gets nothing of what comes there by ",
                                _ -> EnumSet.noneOf(AddressFamily.class))
                        .add(publication.address().family());
            }
        }
        return families.entrySet().stream()
                .map(e -> e.getKey()
                        + e.getValue().stream().map(AddressFamily::toString).collect(Collectors.joining(" and "))
                        + ": that goes to the container; give one of them another port")
                .toList();
    }

    private String name(String container) throws IOException {
        return files.attachment(container)
                .flatMap(a -> a.request().dnsNames().stream().findFirst())
                .orElse(container);
    }

    /** Makes exactly these lead to the container, and returns them with their numbers. */
    List<PublishedPort> publish(AttachmentRecord attachment, List<PublishedPort> wanted) throws IOException {
        var container = attachment.request().container();
        if (wanted.isEmpty()) {
            withdraw(container);
            return List.of();
        }
        var addresses = addresses(attachment);
        if (addresses.isEmpty()) {
            throw new NetworkException("container " + container + " has no network that ports could be published from"
                    + (attachment.endpoints().isEmpty() ? "" : ": what is internal is not reached from outside"));
        }
        var bound = bound(wanted, attachment, addresses.keySet());
        for (var port : bound) {
            requireReachable(container, addresses.keySet(), port);
        }
        var before = files.published();
        var others = without(container, before);
        var routed = routed(attachment);
        var translated = EnumSet.copyOf(addresses.keySet());
        translated.removeAll(routed);
        var settled = translated.isEmpty()
                ? bound.stream().map(PublishedPorts::atContainer).toList()
                : ports.settle(bound, translated, of(container, before), others);
        var after = new ArrayList<>(others);
        settled.forEach(port -> after.addAll(publications(container, addresses, routed, port)));
        change(before, after);
        return settled;
    }

    /** A port of the host is not needed where the container's own is reached. */
    private static PublishedPort atContainer(PublishedPort port) {
        return new PublishedPort(
                port.hostIp(),
                port.hostPort().or(() -> Optional.of(port.containerPort())),
                port.containerPort(),
                port.protocol());
    }

    /** With the address of the host that the network says for ports without one. */
    private List<PublishedPort> bound(
            List<PublishedPort> wanted, AttachmentRecord attachment, Set<AddressFamily> families) throws IOException {
        var network = network(attachment, AddressFamily.IPV4);
        return network.isEmpty()
                ? wanted
                : wanted.stream()
                        .flatMap(port -> network.get().spec().bound(port, families).stream())
                        .toList();
    }

    /** The network whose address ports of that family lead to. */
    private Optional<NetworkRecord> network(AttachmentRecord attachment, AddressFamily family) throws IOException {
        var endpoint = Attached.way(attachment.endpoints(), family);
        return endpoint.isPresent() ? files.network(endpoint.get().network()) : Optional.empty();
    }

    /** Families in which the container is reached at its own address. */
    private Set<AddressFamily> routed(AttachmentRecord attachment) throws IOException {
        var routed = EnumSet.noneOf(AddressFamily.class);
        for (var family : AddressFamily.values()) {
            if (network(attachment, family)
                    .filter(n -> n.spec().options().gatewayMode(family) == DriverOptions.GatewayMode.ROUTED)
                    .isPresent()) {
                routed.add(family);
            }
        }
        return routed;
    }

    /** Takes all of the container's back. */
    void withdraw(String container) throws IOException {
        var before = files.published();
        change(before, without(container, before));
    }

    /** Those of {@code from} lead to another container, in one step. */
    void move(String from, AttachmentRecord to) throws IOException {
        var container = to.request().container();
        var addresses = addresses(to);
        if (addresses.isEmpty()) {
            throw new NetworkException("container " + container + " has no network that ports could lead to");
        }
        var before = files.published();
        change(before, redirected(before, from, container, addresses, routed(to)));
    }

    /** Follows the container's main address. */
    void follow(AttachmentRecord attachment) throws IOException {
        var container = attachment.request().container();
        var before = files.published();
        if (of(container, before).isEmpty()) {
            return;
        }
        change(before, redirected(before, container, container, addresses(attachment), routed(attachment)));
    }

    private static List<Publication> redirected(
            List<Publication> all,
            String from,
            String to,
            Map<AddressFamily, IpAddress> addresses,
            Set<AddressFamily> routed) {
        var after = new LinkedHashSet<Publication>();
        for (var publication : all) {
            if (publication.container().equals(from)) {
                after.addAll(publications(to, addresses, routed, publication.port()));
            } else {
                after.add(publication);
            }
        }
        return List.copyOf(after);
    }

    /** The port in each family that it is meant for and the container has. */
    private static List<Publication> publications(
            String container, Map<AddressFamily, IpAddress> addresses, Set<AddressFamily> routed, PublishedPort port) {
        return addresses.values().stream()
                .filter(a ->
                        port.hostIp().filter(ip -> ip.family() != a.family()).isEmpty())
                .map(a -> new Publication(container, a, port, routed.contains(a.family())))
                .toList();
    }

    /** Where ports lead: internal networks are not reached from outside. */
    private static Map<AddressFamily, IpAddress> addresses(AttachmentRecord attachment) {
        var addresses = new EnumMap<AddressFamily, IpAddress>(AddressFamily.class);
        for (var family : AddressFamily.values()) {
            Attached.address(attachment.endpoints(), family).ifPresent(a -> addresses.put(family, a));
        }
        return addresses;
    }

    private static void requireReachable(String container, Set<AddressFamily> families, PublishedPort port)
            throws NetworkException {
        if (port.hostIp().isEmpty()) {
            return;
        }
        var ip = port.hostIp().get();
        if (!families.contains(ip.family())) {
            throw new NetworkException("port " + port + " cannot be published: container " + container + " has no "
                    + ip.family() + " address, and the kernel does not translate from one family to the other");
        }
        if (ip.isIpv6() && ip.isLoopback()) {
            throw new NetworkException("port " + port + " cannot be published: the kernel does not lead packets from"
                    + " ::1 anywhere else. Publish on 127.0.0.1");
        }
    }

    /** Withdraws those of containers that are not attached, and returns how many there were. */
    int removeStrays() throws IOException {
        var before = files.published();
        var after = before.stream().filter(p -> files.isAttached(p.container())).toList();
        change(before, after);
        return before.size() - after.size();
    }

    /** From one set of published ports to another: the file, the rules, then the connections that must not go on. */
    private void change(List<Publication> before, List<Publication> after) throws IOException {
        var then = Set.copyOf(before);
        var now = Set.copyOf(after);
        var gone = before.stream().filter(p -> !now.contains(p)).toList();
        var added = after.stream().filter(p -> !then.contains(p)).toList();
        if (gone.isEmpty() && added.isEmpty()) {
            return;
        }
        files.writePublished(after);
        try {
            firewall.change(gone, added, after);
        } catch (NftablesException e) {
            // Somebody changed the table: make it what the records say.
            log.warn("rules differ from the records, loading them anew cause={}", e.getMessage());
            try {
                bridges.putBackRules();
            } catch (IOException | RuntimeException again) {
                files.writePublished(before);
                throw again;
            }
        }
        flows.changed(gone, added);
    }
}
