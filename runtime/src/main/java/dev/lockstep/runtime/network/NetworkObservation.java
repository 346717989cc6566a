package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Rtnetlink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Looks at what the kernel has of the networks. Changes nothing, takes no lock. */
final class NetworkObservation {
    private final NetworkFiles files;
    private final Kernel kernel;
    private final Links links;
    private final Firewall firewall;
    private final ForeignFirewalls foreign;
    private final ContainerNames names;
    private final Attachments containers;
    private final Forwarding forwarding;
    private final AddressSpace addressSpace;
    private final NetworkNamespaces namespaces;

    NetworkObservation(
            NetworkFiles files,
            Kernel kernel,
            Links links,
            Firewall firewall,
            ForeignFirewalls foreign,
            Forwarding forwarding,
            ContainerNames names,
            Attachments containers,
            AddressSpace addressSpace,
            NetworkNamespaces namespaces) {
        this.files = files;
        this.kernel = kernel;
        this.links = links;
        this.firewall = firewall;
        this.foreign = foreign;
        this.forwarding = forwarding;
        this.names = names;
        this.containers = containers;
        this.addressSpace = addressSpace;
        this.namespaces = namespaces;
    }

    Optional<ObservedAttachment> of(String container) throws IOException {
        var attachment = files.attachment(container);
        if (attachment.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(attachment(
                attachment.get(), files.published(), firewall.loaded(), up(links.ours()), bridges(files.networks())));
    }

    /** Names of links; behind a port's name stands its bridge's, since ports outlive a bridge that somebody deletes. */
    private static Set<String> up(List<Rtnetlink.Link> ours) {
        var there = new HashMap<Integer, String>();
        ours.forEach(link -> there.put(link.index(), link.name()));
        return ours.stream()
                .filter(Rtnetlink.Link::up)
                .map(link -> link.name() + (link.master() == 0 ? "" : " " + there.getOrDefault(link.master(), "")))
                .collect(Collectors.toSet());
    }

    private static Map<String, String> bridges(List<NetworkRecord> networks) {
        var bridges = new HashMap<String, String>();
        networks.forEach(network -> bridges.put(network.name(), network.bridge()));
        return bridges;
    }

    ObservedNetworks all() throws IOException {
        var records = files.networks();
        var attachments = files.attachments().stream()
                .filter(attachment -> !attachment.leaving())
                .toList();
        if (records.isEmpty() && attachments.isEmpty()) {
            return new ObservedNetworks(List.of(), Map.of());
        }
        var rules = firewall.loaded();
        var open = records.isEmpty() || foreign.isOpen(names.port());
        var ours = links.ours();
        var up = up(ours);
        var bridges = bridges(records);
        var there = new TreeMap<Integer, String>();
        ours.forEach(link -> there.put(link.index(), link.name()));
        var addresses = new HashSet<String>();
        for (var address : kernel.rtnetlink().addresses()) {
            addresses.add(there.getOrDefault(address.link(), "") + " " + IpAddress.of(address.address()) + "/"
                    + address.prefix());
        }
        var answered = names.isAnswering();
        var off = forwarding.off();
        var askingTheirOwn =
                attachments.stream().filter(AttachmentRecord::asksItsOwn).toList();
        var networks = new ArrayList<ObservedNetwork>();
        for (var network : records) {
            var ownAnswering = names.areAnswering(askingTheirOwn.stream()
                    .filter(a ->
                            a.endpoints().stream().anyMatch(e -> e.network().equals(network.name())))
                    .toList());
            if (!network.spec().isBridge()) {
                var isThere = links.hasBridge(network);
                networks.add(new ObservedNetwork(network, isThere, isThere, true, false, true, ownAnswering));
                continue;
            }
            networks.add(new ObservedNetwork(
                    network,
                    up.contains(network.bridge()),
                    network.subnets().stream()
                            .filter(s -> s.gateway().isIpv6()
                                    || network.spec().options().bridgeAddress())
                            .allMatch(s -> addresses.contains(network.bridge() + " " + s.gateway() + "/"
                                    + s.range().prefix())),
                    open && rules.isPresent() && rules.get().isWhole(network, List.of(), attachments),
                    rules.filter(Firewall.Loaded::isOutdated).isPresent(),
                    Collections.disjoint(Forwarding.needs(network), off),
                    ownAnswering && (answered || !network.spec().options().bridgeAddress())));
        }
        var published = files.published();
        var attached = new TreeMap<String, ObservedAttachment>();
        for (var attachment : attachments) {
            attached.put(attachment.request().container(), attachment(attachment, published, rules, up, bridges));
        }
        return new ObservedNetworks(networks, attached, addressSpace.overlaps(records));
    }

    private ObservedAttachment attachment(
            AttachmentRecord attachment,
            List<Publication> published,
            Optional<Firewall.Loaded> rules,
            Set<String> up,
            Map<String, String> bridges)
            throws IOException {
        var id = attachment.request().container();
        var inEffect = new ArrayList<PublishedPort>();
        var missing = new ArrayList<PublishedPort>();
        for (var publication : PublishedPorts.of(id, published)) {
            var loaded = rules.isPresent() && rules.get().published().contains(Firewall.key(publication));
            (loaded ? inEffect : missing).add(publication.port());
        }
        var shares = attachment.endpoints().stream().anyMatch(e -> e.hostLink().isEmpty());
        var inside = shares ? links.inside(files.namespace(id)) : Set.<String>of();
        return new ObservedAttachment(
                containers.attached(attachment),
                namespaces.isPinned(files.namespace(id)),
                attachment.endpoints().stream()
                        .filter(e -> e.hostLink().isEmpty()
                                ? !inside.contains(e.interfaceName())
                                : !up.contains(e.hostLink() + " " + bridges.get(e.network())))
                        .map(Endpoint::network)
                        .toList(),
                inEffect,
                missing);
    }
}
