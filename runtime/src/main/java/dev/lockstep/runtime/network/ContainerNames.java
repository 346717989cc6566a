package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.DnsEntry;
import dev.lockstep.runtime.dns.DnsZone;
import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What containers are called on their networks, kept in the zones of the root's name server and of those that single
 * containers have. Only {@link #refresh} makes changes known. The network lock is held.
 */
final class ContainerNames {
    private static final Logger log = LoggerFactory.getLogger(ContainerNames.class);

    private final NetworkFiles files;
    private final NameServer server;
    private final NameServer.Reach reach;
    private final OwnNames own;
    private final Moved moved;

    /** Told when the root's server listens at another port than before. */
    @FunctionalInterface
    interface Moved {
        /** Makes rules follow. */
        void follow() throws IOException;
    }

    ContainerNames(
            NetworkFiles files,
            NameServer server,
            NameServer.Reach reach,
            NetworkNamespaces namespaces,
            Path hostResolvConf,
            Moved moved) {
        this.moved = moved;
        this.reach = reach;
        this.files = files;
        this.server = server;
        this.own = new OwnNames(files, server.ownServers(), namespaces, hostResolvConf);
    }

    /** Where the server listens, on every gateway. */
    int port() throws IOException {
        return server.port();
    }

    /** Whether the root's server runs. */
    boolean isAnswering() throws IOException {
        return server.pid().isPresent();
    }

    /** Writes the zones of all networks that are there. */
    void putAll() throws IOException {
        for (var network : files.networks()) {
            if (reach.has(network.name())) {
                put(network);
            }
        }
    }

    /** Whether those of these containers that have servers of their own are answered. */
    boolean areAnswering(List<AttachmentRecord> attachments) throws IOException {
        return own.areAnswering(attachments);
    }

    /** Starts the container's own server where it shall have one that does not run, and says whether that was so. */
    boolean ensureOwn(AttachmentRecord attachment) throws IOException {
        return own.ensure(attachment);
    }

    /**
     * The same for several; one that cannot be started keeps none of the others from theirs.
     *
     * @return whether one was started
     * @throws IOException when one was not, after all the others were
     */
    boolean ensureOwn(List<AttachmentRecord> attachments) throws IOException {
        var started = false;
        Optional<IOException> failure = Optional.empty();
        for (var attachment : attachments) {
            try {
                started |= !attachment.leaving() && own.ensure(attachment);
            } catch (IOException e) {
                var why = new IOException(
                        "the name server of container " + attachment.request().container() + ": " + e.getMessage(), e);
                failure.ifPresent(why::addSuppressed);
                failure = Optional.of(why);
            }
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
        return started;
    }

    /** Ends the container's own server, if it has one. */
    void removeOwn(String container) throws IOException {
        own.remove(container);
    }

    /** Ends servers of containers that are not attached, and returns how many there were. */
    int removeStrays() throws IOException {
        return own.removeStrays();
    }

    /** Writes the network's whole zone. */
    void put(NetworkRecord network) throws IOException {
        if (!network.spec().isBridge() || !network.spec().options().bridgeAddress()) {
            return; // There is no address where it could be asked; each container asks its own.
        }
        server.put(DnsZone.of(
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
        own.settle(attachment);
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
                : zone.get().lines().size() - entries(network).size();
        if (strays > 0) {
            put(network);
        }
        return Math.max(0, strays);
    }

    /** See {@link Networks#hostResolver}. */
    String hostResolver() throws IOException {
        return own.hostResolver();
    }

    /** Starts, tells or stops the server, whichever the zones want. */
    void refresh() throws IOException {
        refresh(Optional.empty());
    }

    /** The same when the container is about to go, whatever its record says yet; see {@link #refreshForLess}. */
    void refreshWithout(String container) {
        refreshForLess(Optional.of(container));
    }

    /** The same where names only went: nobody has to stay because a server cannot be started. */
    void refreshForLess() {
        refreshForLess(Optional.empty());
    }

    private void refreshForLess(Optional<String> gone) {
        try {
            refresh(gone);
        } catch (IOException e) {
            log.warn("names that went may still be answered error=\"{}\"", e.toString());
        }
    }

    private void refresh(Optional<String> gone) throws IOException {
        var zones = server.zones();
        own.follow(gone);
        if (server.refresh(zones, reach)) {
            moved.follow();
        }
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
    static Set<String> names(AttachmentRecord attachment, Endpoint endpoint) {
        var own = new LinkedHashSet<>(attachment.request().dnsNames());
        endpoint.aliases().stream()
                .filter(alias -> isPossible(alias, attachment.request().container()))
                .forEach(own::add);
        var all = new LinkedHashSet<>(own);
        own.forEach(name -> all.add(name + "." + endpoint.network()));
        return all;
    }

    /** On record there may be others, of an earlier version: they are in nobody else's way. */
    static boolean isPossible(String name, String container) {
        var possible = DnsEntry.isName(name);
        if (!possible) {
            log.warn(
                    "left out what cannot be a DNS name container={} name=\"{}\"",
                    container,
                    AttachmentSpec.printable(name));
        }
        return possible;
    }

    private static DnsEntry entry(AttachmentRecord attachment, Endpoint endpoint) {
        return new DnsEntry(
                attachment.request().container(),
                addresses(endpoint, AddressFamily.IPV4),
                addresses(endpoint, AddressFamily.IPV6),
                List.copyOf(names(attachment, endpoint)),
                attachment.request().dnsServers());
    }

    static List<String> addresses(Endpoint endpoint, AddressFamily family) {
        return endpoint.of(family).stream().map(a -> a.address().toString()).toList();
    }
}
