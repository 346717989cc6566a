package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.DnsEntry;
import dev.lockstep.runtime.dns.DnsZone;
import dev.lockstep.runtime.dns.NameServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Names that one container alone has for others ({@code links}). aardvark-dns answers whoever asks from all zones that
 * have his address, so each container with links has a zone of its own with itself and those that it links to: it finds
 * their further names there, and others do not. That one who is linked to finds his own further name does no harm. All
 * count as internal: whether other names are asked for outside is up to the networks alone. The network lock is held.
 */
final class LinkZones {
    /** No network is called so. */
    private static final String PREFIX = "links+";

    private final NetworkFiles files;
    private final NameServer server;

    LinkZones(NetworkFiles files, NameServer server) {
        this.files = files;
        this.server = server;
    }

    /** From now on the container has a zone of its own, or has none. */
    void settle(AttachmentRecord attachment) throws IOException {
        var name = PREFIX + attachment.request().container();
        var links = attachment.answered()
                && attachment.endpoints().stream()
                        .anyMatch(e -> !e.options().links().isEmpty());
        if (links) {
            server.put(zone(attachment, List.of()));
        } else if (server.hasZone(name)) {
            server.remove(name);
        }
    }

    /**
     * Makes all of them say where the containers that are linked to are now; nothing where nobody links.
     *
     * @param all names of all zones
     * @param gone a container that counts as if it were not attached any more
     */
    void follow(List<String> all, Optional<String> gone) throws IOException {
        var zones = all.stream().filter(z -> z.startsWith(PREFIX)).toList();
        if (zones.isEmpty()) {
            return;
        }
        var attachments = files.attachments().stream()
                .filter(a -> !gone.equals(Optional.of(a.request().container())))
                .toList();
        for (var zone : zones) {
            var owner = attachments.stream()
                    .filter(a -> zone.equals(PREFIX + a.request().container()))
                    .findFirst();
            if (owner.isEmpty()) {
                server.remove(zone);
            } else {
                server.put(zone(owner.get(), attachments));
            }
        }
    }

    private static DnsZone zone(AttachmentRecord owner, List<AttachmentRecord> all) {
        var id = owner.request().container();
        var entries = new ArrayList<DnsEntry>();
        for (var endpoint : owner.endpoints()) {
            var links = endpoint.options().links();
            if (links.isEmpty()) {
                continue;
            }
            entries.add(entry(endpoint, List.of(owner.request().dnsNames().getLast())));
            for (var target : all) {
                var there = target.endpoints().stream()
                        .filter(e -> e.network().equals(endpoint.network()))
                        .findFirst();
                var names = links.stream()
                        .filter(link -> isCalled(target, link.target()))
                        .flatMap(link -> Stream.of(link.alias(), link.alias() + "." + endpoint.network()))
                        .distinct()
                        .toList();
                if (there.isPresent()
                        && !names.isEmpty()
                        && target.answered()
                        && !target.request().container().equals(id)) {
                    entries.add(entry(there.get(), names));
                }
            }
        }
        return new DnsZone(PREFIX + id, List.of(loopback(id)), true, entries);
    }

    private static boolean isCalled(AttachmentRecord attachment, String name) {
        return attachment.request().dnsNames().contains(name)
                || attachment.request().container().startsWith(name);
    }

    /** Under an id of its own: whoever has one id in two zones is answered everything twice. */
    private static DnsEntry entry(Endpoint endpoint, List<String> names) {
        return new DnsEntry(
                PREFIX + endpoint.id(),
                ContainerNames.addresses(endpoint, AddressFamily.IPV4),
                ContainerNames.addresses(endpoint, AddressFamily.IPV6),
                names,
                List.of());
    }

    /** A zone has an address where it is asked; nobody asks at this one. */
    private static String loopback(String container) {
        var hash = container.hashCode();
        return "127." + (64 + (hash >>> 24) % 64) + "." + (hash >>> 16 & 255) + "." + (1 + (hash >>> 8 & 255) % 254);
    }
}
