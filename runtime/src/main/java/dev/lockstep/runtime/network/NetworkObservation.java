package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NetworkNamespaces;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Looks at what the kernel has of the networks. Changes nothing, takes no lock. */
final class NetworkObservation {
    private final NetworkFiles files;
    private final Kernel kernel;
    private final Links links;
    private final Firewall firewall;
    private final ForeignFirewalls foreign;
    private final ContainerNames names;
    private final Attachments containers;
    private final NetworkNamespaces namespaces;

    NetworkObservation(
            NetworkFiles files,
            Kernel kernel,
            Links links,
            Firewall firewall,
            ForeignFirewalls foreign,
            ContainerNames names,
            Attachments containers,
            NetworkNamespaces namespaces) {
        this.files = files;
        this.kernel = kernel;
        this.links = links;
        this.firewall = firewall;
        this.foreign = foreign;
        this.names = names;
        this.containers = containers;
        this.namespaces = namespaces;
    }

    ObservedNetworks all() throws IOException {
        var records = files.networks();
        var attachments = files.attachments();
        if (records.isEmpty() && attachments.isEmpty()) {
            return new ObservedNetworks(List.of(), Map.of());
        }
        var rules = firewall.loaded();
        var open = records.isEmpty() || foreign.isOpen(names.port());
        var up = new HashSet<String>();
        var there = new TreeMap<Integer, String>();
        for (var link : links.ours()) {
            there.put(link.index(), link.name());
            if (link.up()) {
                up.add(link.name());
            }
        }
        var addresses = new HashSet<String>();
        for (var address : kernel.rtnetlink().addresses()) {
            addresses.add(there.getOrDefault(address.link(), "") + " "
                    + address.address().getHostAddress() + "/" + address.prefix());
        }
        var networks = new ArrayList<ObservedNetwork>();
        for (var network : records) {
            var gateway = network.bridge() + " " + network.gateway() + "/"
                    + network.subnet().prefix();
            networks.add(new ObservedNetwork(
                    network,
                    up.contains(network.bridge()),
                    addresses.contains(gateway),
                    open && rules.isPresent() && rules.get().bridges().contains(network.bridge())));
        }
        var published = files.published();
        var attached = new TreeMap<String, ObservedAttachment>();
        for (var attachment : attachments) {
            attached.put(attachment.request().container(), attachment(attachment, published, rules, up));
        }
        return new ObservedNetworks(networks, attached);
    }

    private ObservedAttachment attachment(
            AttachmentRecord attachment, List<Publication> published, Optional<Firewall.Loaded> rules, Set<String> up)
            throws IOException {
        var id = attachment.request().container();
        var inEffect = new ArrayList<PublishedPort>();
        var missing = new ArrayList<PublishedPort>();
        for (var publication : PublishedPorts.of(id, published)) {
            var loaded = rules.isPresent() && rules.get().published().contains(Firewall.key(publication));
            (loaded ? inEffect : missing).add(publication.port());
        }
        return new ObservedAttachment(
                containers.attached(attachment),
                namespaces.isPinned(files.namespace(id)),
                attachment.endpoints().stream()
                        .filter(e -> !up.contains(e.hostLink()))
                        .map(Endpoint::network)
                        .toList(),
                inEffect,
                missing);
    }
}
