package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.Conntrack;
import dev.lockstep.runtime.linux.NftablesException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which ports of the host lead to which container: the file, the map of the rules, and connections that go through it
 * already. The network lock is held.
 */
final class PublishedPorts {
    private static final Logger log = LoggerFactory.getLogger(PublishedPorts.class);

    private final NetworkFiles files;
    private final Kernel kernel;
    private final Firewall firewall;
    private final Ports ports;
    private final Bridges bridges;

    PublishedPorts(NetworkFiles files, Kernel kernel, Firewall firewall, Ports ports, Bridges bridges) {
        this.files = files;
        this.kernel = kernel;
        this.firewall = firewall;
        this.ports = ports;
        this.bridges = bridges;
    }

    /** The container's ports that are published. */
    List<PublishedPort> of(String container) throws IOException {
        return of(container, files.published()).stream().map(Publication::port).toList();
    }

    static List<Publication> of(String container, List<Publication> published) {
        return published.stream().filter(p -> p.container().equals(container)).toList();
    }

    private static List<Publication> without(String container, List<Publication> published) {
        return published.stream().filter(p -> !p.container().equals(container)).toList();
    }

    /** Who has the port, the container {@code except} aside. */
    Optional<PortHolder> holder(PublishedPort port, String except) throws IOException {
        return port.hostPort().isEmpty() ? Optional.empty() : ports.holder(port, without(except, files.published()));
    }

    /** Makes exactly these lead to the container, and returns them with their numbers. */
    List<PublishedPort> publish(AttachmentRecord attachment, List<PublishedPort> wanted) throws IOException {
        var container = attachment.request().container();
        if (wanted.isEmpty()) {
            withdraw(container);
            return List.of();
        }
        var address = address(attachment)
                .orElseThrow(() -> new NetworkException(
                        "container " + container + " has no network that ports could be published from"));
        var before = files.published();
        var others = without(container, before);
        var settled = ports.settle(wanted, of(container, before), others);
        var after = new ArrayList<>(others);
        settled.forEach(port -> after.add(new Publication(container, address, port)));
        change(before, after);
        return settled;
    }

    /** Takes all of the container's back. */
    void withdraw(String container) throws IOException {
        var before = files.published();
        change(before, without(container, before));
    }

    /** Those of {@code from} lead to another container, in one step. */
    void move(String from, AttachmentRecord to) throws IOException {
        var container = to.request().container();
        var address = address(to)
                .orElseThrow(() ->
                        new NetworkException("container " + container + " has no network that ports could lead to"));
        var before = files.published();
        change(before, redirected(before, from, container, address));
    }

    /** Follows the container's main address. */
    void follow(AttachmentRecord attachment) throws IOException {
        var container = attachment.request().container();
        var before = files.published();
        if (of(container, before).isEmpty()) {
            return;
        }
        var address = address(attachment);
        change(
                before,
                address.isEmpty()
                        ? without(container, before)
                        : redirected(before, container, container, address.get()));
    }

    private static List<Publication> redirected(List<Publication> all, String from, String to, Ipv4 address) {
        return all.stream()
                .map(p -> p.container().equals(from) ? new Publication(to, address, p.port()) : p)
                .toList();
    }

    private static Optional<Ipv4> address(AttachmentRecord attachment) {
        return attachment.endpoints().stream().findFirst().map(Endpoint::address);
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
        var gone = before.stream().filter(p -> !after.contains(p)).toList();
        var added = after.stream().filter(p -> !before.contains(p)).toList();
        if (gone.isEmpty() && added.isEmpty()) {
            return;
        }
        files.writePublished(after);
        try {
            firewall.change(gone, added);
        } catch (NftablesException e) {
            // Somebody changed the table: make it what the records say.
            log.warn("rules differ from the records, loading them anew cause={}", e.getMessage());
            try {
                bridges.loadRules();
            } catch (IOException | RuntimeException again) {
                files.writePublished(before);
                throw again;
            }
        }
        forget(gone, added);
    }

    /**
     * Connections keep the translation they began with. Those through a port that was taken back are cut; UDP that came
     * before the port was published, or went to the old container, begins anew.
     */
    private void forget(List<Publication> gone, List<Publication> added) throws IOException {
        var udp = added.stream()
                .filter(p -> p.port().protocol() == PublishedPort.TransportProtocol.UDP)
                .toList();
        if (gone.isEmpty() && udp.isEmpty()) {
            return;
        }
        var here = new HashSet<Ipv4>();
        if (!udp.isEmpty()) {
            for (var address : kernel.rtnetlink().addresses()) {
                here.add(Ipv4.of(address.address()));
            }
        }
        kernel.conntrack()
                .delete(flow -> gone.stream().anyMatch(p -> leadsThrough(flow, p))
                        || udp.stream().anyMatch(p -> wentElsewhere(flow, p, here)));
    }

    private static boolean leadsThrough(Conntrack.Flow flow, Publication publication) {
        return flow.port() == publication.hostPort()
                && flow.protocol() == publication.port().protocol().number()
                && Ipv4.of(flow.answers()).equals(publication.address());
    }

    private static boolean wentElsewhere(Conntrack.Flow flow, Publication publication, Set<Ipv4> here) {
        return flow.port() == publication.hostPort()
                && flow.protocol() == PublishedPort.TransportProtocol.UDP.number()
                && !Ipv4.of(flow.answers()).equals(publication.address())
                && here.contains(Ipv4.of(flow.destination()));
    }
}
