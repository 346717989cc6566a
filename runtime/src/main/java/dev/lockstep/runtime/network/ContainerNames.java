package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.DnsEntry;
import dev.lockstep.runtime.dns.DnsZone;
import dev.lockstep.runtime.dns.NameServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/**
 * What containers are called on their networks, kept in the zones of the root's name server. Only {@link #refresh}
 * makes changes known. The network lock is held.
 */
final class ContainerNames {
    private final NetworkFiles files;
    private final NameServer server;
    private final LinkZones links;

    ContainerNames(NetworkFiles files, NameServer server) {
        this.files = files;
        this.server = server;
        this.links = new LinkZones(files, server);
    }

    /** Where the server listens, on every gateway. */
    int port() throws IOException {
        return server.port();
    }

    /** Whether the server runs. */
    boolean isAnswering() throws IOException {
        return server.pid().isPresent();
    }

    /** Writes the network's whole zone. */
    void put(NetworkRecord network) throws IOException {
        if (!network.spec().isBridge() || !network.spec().options().bridgeAddress()) {
            return; // There is no address where it could be asked.
        }
        server.put(new DnsZone(
                network.name(),
                network.gateways().stream().map(IpAddress::toString).toList(),
                network.spec().internal(),
                entries(network)));
    }

    /** Makes the zones say what the attachment does: its names, or none while it is not answered. */
    void put(AttachmentRecord attachment) throws IOException {
        for (var endpoint : attachment.endpoints()) {
            if (attachment.answered()) {
                server.put(endpoint.network(), entry(attachment, endpoint));
            } else {
                remove(endpoint.network(), attachment.request().container());
            }
        }
        links.settle(attachment);
    }

    /** Drops the zone. */
    void remove(String network) throws IOException {
        server.remove(network);
    }

    /** Drops a container's names on one network. */
    void remove(String network, String container) throws IOException {
        server.remove(network, container);
    }

    /** Drops names of containers that are not attached, and returns how many there were. */
    int removeStrays(NetworkRecord network) throws IOException {
        var zone = server.zone(network.name());
        var strays = zone.isEmpty()
                ? 0
                : zone.get().entries().size() - entries(network).size();
        if (strays > 0) {
            put(network);
        }
        return Math.max(0, strays);
    }

    /** Starts, tells or stops the server, whichever the zones want. */
    void refresh() throws IOException {
        refresh(Optional.empty());
    }

    /** The same when the container is about to go, whatever its record says yet. */
    void refreshWithout(String container) throws IOException {
        refresh(Optional.of(container));
    }

    private void refresh(Optional<String> gone) throws IOException {
        var zones = server.zones();
        links.follow(zones, gone);
        server.refresh(zones);
    }

    private List<DnsEntry> entries(NetworkRecord network) throws IOException {
        var entries = new ArrayList<DnsEntry>();
        for (var attachment : files.attachments()) {
            for (var endpoint : attachment.endpoints()) {
                if (attachment.answered() && endpoint.network().equals(network.name())) {
                    entries.add(entry(attachment, endpoint));
                }
            }
        }
        return entries;
    }

    /** Every name is also known with the network behind it, as Docker does. */
    private static DnsEntry entry(AttachmentRecord attachment, Endpoint endpoint) {
        var own = new LinkedHashSet<>(attachment.request().dnsNames());
        own.addAll(endpoint.aliases());
        var all = new LinkedHashSet<>(own);
        own.forEach(name -> all.add(name + "." + endpoint.network()));
        return new DnsEntry(
                attachment.request().container(),
                addresses(endpoint, AddressFamily.IPV4),
                addresses(endpoint, AddressFamily.IPV6),
                List.copyOf(all),
                attachment.request().dnsServers());
    }

    static List<String> addresses(Endpoint endpoint, AddressFamily family) {
        return endpoint.of(family).stream().map(a -> a.address().toString()).toList();
    }
}
