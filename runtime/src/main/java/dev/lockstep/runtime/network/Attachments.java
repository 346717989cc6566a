package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Containers come to networks and leave them. */
final class Attachments {
    private final Root root;
    private final NetworkLock lock;
    private final NetworkNamespaces namespaces;
    private final NetworkFiles files;
    private final Links links;
    private final Bridges bridges;
    private final ContainerNames names;
    private final PublishedPorts ports;
    private final Sources sources;

    Attachments(
            Root root,
            NetworkLock lock,
            NetworkNamespaces namespaces,
            NetworkFiles files,
            Links links,
            Bridges bridges,
            ContainerNames names,
            PublishedPorts ports,
            Sources sources) {
        this.root = root;
        this.lock = lock;
        this.namespaces = namespaces;
        this.files = files;
        this.links = links;
        this.bridges = bridges;
        this.names = names;
        this.ports = ports;
        this.sources = sources;
    }

    Attached attached(AttachmentRecord attachment) {
        var container = attachment.request().container();
        return new Attached(container, files.namespace(container), attachment.endpoints());
    }

    /** See {@link Networks#attach}. */
    Attached attach(AttachRequest request) throws IOException {
        return update(request, true);
    }

    /** See {@link Networks#updateAttachments(AttachRequest)}. */
    Attached update(AttachRequest request) throws IOException {
        if (files.attachment(request.container()).isEmpty()) {
            throw new NetworkException("container " + request.container() + " has no namespace; attach it first");
        }
        return update(request, false);
    }

    /** See {@link Networks#updateAttachments(AttachRequest, ProcessIdentity)}. */
    Attached update(AttachRequest request, ProcessIdentity process) throws IOException {
        var container = request.container();
        links.adoptNamespace(
                files.namespace(container), process, files.attachment(container).isEmpty());
        return update(request, false);
    }

    /** Takes everything of it away, but for leases. */
    void detach(String container) throws IOException {
        var attachment = lock.holding(() -> {
            var found = files.attachmentIfWhole(container);
            ports.withdraw(container);
            if (found.isPresent()) {
                // Who looks from now on does not miss the rules that go.
                files.write(found.get().asLeaving());
                sources.follow(container, found.get().endpoints(), List.of());
                for (var endpoint : found.get().endpoints()) {
                    names.remove(endpoint.network(), container);
                }
                if (found.get().answered() && !found.get().endpoints().isEmpty()) {
                    names.refreshWithout(container);
                }
            }
            names.removeOwn(container); // It holds the namespace.
            return found;
        });
        // Not left to the end of the namespace: connections that are still closing hold it for minutes (tcp(7),
        // tcp_orphan_retries), and the slot's next container has the same address.
        for (var endpoint : attachment.map(AttachmentRecord::endpoints).orElse(List.of())) {
            links.disconnect(files.namespace(container), endpoint);
        }
        namespaces.delete(files.namespace(container));
        files.deleteAttachment(container);
    }

    /**
     * Brings the container to what the request says.
     *
     * @param undo whether a first attachment that fails is taken away again
     */
    private Attached update(AttachRequest request, boolean undo) throws IOException {
        // From end to end on one of its threads: to go from thread to thread takes longer than many of the steps.
        return namespaces.home(() -> updateAtHome(request, undo));
    }

    private Attached updateAtHome(AttachRequest request, boolean undo) throws IOException {
        var container = request.container();
        var before = files.attachmentIfWhole(container);
        try {
            var attachment = before.isPresent() ? change(request, before.get()) : arrive(request);
            if (attachment.asksItsOwn()) {
                lock.holding(() -> names.ensureOwn(attachment));
            }
            return attached(attachment);
        } catch (IOException | RuntimeException e) {
            if (undo && before.isEmpty()) {
                try {
                    detach(container);
                } catch (IOException | RuntimeException also) {
                    e.addSuppressed(also);
                }
            }
            throw e;
        }
    }

    /**
     * What a container is to have, written down.
     *
     * @param networks that it is on
     */
    private record Settled(AttachmentRecord attachment, List<Links.OnLink> networks) {
        String container() {
            return attachment.request().container();
        }
    }

    /** @param young whether its namespace was just made; then its links are there */
    private record Arrival(Settled settled, NetworkNamespaces.Aside<Boolean> young) {}

    /** A container that had nothing. */
    private AttachmentRecord arrive(AttachRequest request) throws IOException {
        var pin = files.namespace(request.container());
        // Beside the choice of addresses: the kernel needs a millisecond for a namespace, and another one for a link.
        var namespace = namespaces.aside(() -> links.ensureNamespace(pin, request.userNamespace()));
        try {
            var arrival = lock.holding(() -> {
                var settled = settle(request, Optional.empty());
                var young = namespaces.aside(() -> connectFirst(pin, namespace.await(), settled));
                try {
                    announce(List.of(), settled.attachment());
                } catch (IOException | RuntimeException e) {
                    young.abandon();
                    throw e;
                }
                return new Arrival(settled, young);
            });
            var settled = arrival.settled();
            var young = arrival.young().await();
            if (!young) {
                links.connect(settled.container(), pin, settled.attachment().endpoints(), settled.networks());
            }
            links.furnish(pin, young, settled.attachment().endpoints(), Set.of());
            return settled.attachment();
        } catch (IOException | RuntimeException e) {
            namespace.abandon();
            throw e;
        }
    }

    /**
     * Makes the links of a container beside rules and names, when nobody is in its namespace yet: until they are
     * furnished nothing passes. Who runs could send before the rules say in whose name he may.
     */
    private boolean connectFirst(Path pin, boolean young, Settled settled) throws IOException {
        if (young) {
            links.connectFirst(settled.container(), pin, settled.attachment().endpoints(), settled.networks());
        }
        return young;
    }

    /** A container that has ends already. */
    private AttachmentRecord change(AttachRequest request, AttachmentRecord before) throws IOException {
        var pin = files.namespace(request.container());
        var settled = lock.holding(() -> {
            var choice = settle(request, Optional.of(before));
            // Whoever was killed when he took it off its networks has taken its rules away, some or all.
            announce(before.leaving() ? List.of() : before.endpoints(), choice.attachment());
            giveBack(before.endpoints(), choice.attachment());
            return choice;
        });
        var endpoints = settled.attachment().endpoints();
        for (var old : before.endpoints()) {
            if (endpoints.stream().noneMatch(e -> sameLink(e, old))) {
                links.disconnect(pin, old);
            }
        }
        var young = links.ensureNamespace(pin, request.userNamespace());
        if (young) {
            links.connectFirst(settled.container(), pin, endpoints, settled.networks());
        } else {
            links.connect(settled.container(), pin, endpoints, settled.networks());
        }
        links.furnish(pin, young, endpoints, remade(before.endpoints(), endpoints));
        return settled.attachment();
    }

    private static Set<Endpoint> remade(List<Endpoint> old, List<Endpoint> endpoints) {
        return endpoints.stream()
                .filter(e -> old.stream().anyMatch(o -> o.network().equals(e.network()) && !sameLink(e, o)))
                .collect(Collectors.toSet());
    }

    /** The addresses on networks that it has left. */
    private void giveBack(List<Endpoint> old, AttachmentRecord attachment) throws IOException {
        for (var gone : old) {
            if (attachment.endpoints().stream().noneMatch(e -> e.network().equals(gone.network()))) {
                var network = files.network(gone.network());
                if (network.isPresent()) {
                    files.writeGiven(
                            Leases.without(network.get(), attachment.request().container()));
                }
            }
        }
    }

    private static boolean sameLink(Endpoint a, Endpoint b) {
        return a.hostLink().equals(b.hostLink())
                && a.addresses().equals(b.addresses())
                && a.mac().equals(b.mac())
                && a.interfaceName().equals(b.interfaceName())
                && a.options().linkLocal().equals(b.options().linkLocal())
                && a.options().sysctls().equals(b.options().sysctls());
    }

    /** Chooses addresses and interface names, and writes them down. */
    private Settled settle(AttachRequest request, Optional<AttachmentRecord> before) throws IOException {
        var container = request.container();
        var wanted = request.networks().stream()
                .sorted(Comparator.comparingInt(AttachmentSpec::priority)
                        .reversed()
                        .thenComparing(AttachmentSpec::network))
                .toList();
        // Before anything is written down: a name that cannot stand in a zone would be in everybody's way.
        for (var spec : wanted) {
            try {
                spec.checkNames();
            } catch (IllegalArgumentException e) {
                throw new NetworkException(String.valueOf(e.getMessage()));
            }
        }
        var all = files.networks();
        var old = before.map(AttachmentRecord::endpoints).orElse(List.of());
        var interfaces = InterfaceNames.choose(
                wanted,
                old,
                name -> all.stream()
                        .filter(n -> n.name().equals(name))
                        .map(n -> n.spec().options().interfacePrefix())
                        .findFirst()
                        .orElse("eth"));
        var endpoints = new ArrayList<Endpoint>();
        var networks = new ArrayList<Links.OnLink>();
        for (var spec : wanted) {
            var network = all.stream()
                    .filter(n -> n.name().equals(spec.network()))
                    .findFirst()
                    .orElseThrow(() -> new NetworkException(
                            "container " + container + " wants network " + spec.network() + ", which does not exist"));
            var link = bridges.ensureThere(network);
            var given = Leases.give(
                    network, request.key(), container, spec.addresses(), id -> files.isAttached(id, network.name()));
            if (!given.network().equals(network)) {
                files.writeGiven(given.network());
            }
            networks.add(new Links.OnLink(given.network(), link));
            var isBridge = network.spec().isBridge();
            var mac = mac(network, spec, given.addresses().getFirst().address());
            requireFree(mac, network, container);
            endpoints.add(new Endpoint(
                    network.name(),
                    spec.aliases(),
                    given.addresses(),
                    network.spec().internal(),
                    mac,
                    interfaces.getOrDefault(spec.network(), ""),
                    isBridge ? Links.hostName(root.id(), container, network.id()) : "",
                    spec.priority(),
                    spec.options(),
                    !isBridge || !network.spec().options().bridgeAddress(),
                    !network.spec().options().betweenContainers()));
        }
        // Stable: the rest stays in order. An internal network has no way out.
        endpoints.sort(Comparator.comparing(Endpoint::internal)
                .thenComparing(
                        Comparator.comparingInt((Endpoint e) -> e.options().gatewayPriority())
                                .reversed()));
        var answered = before.map(AttachmentRecord::answered).orElse(true);
        var attachment = new AttachmentRecord(request, answered, endpoints);
        files.write(attachment);
        return new Settled(attachment, List.copyOf(networks));
    }

    /** Makes rules, names and published ports follow. */
    private void announce(List<Endpoint> old, AttachmentRecord attachment) throws IOException {
        var endpoints = attachment.endpoints();
        var container = attachment.request().container();
        sources.follow(container, old, endpoints);
        for (var gone : old) {
            if (endpoints.stream().noneMatch(e -> e.network().equals(gone.network()))) {
                names.remove(gone.network(), container);
            }
        }
        names.put(attachment);
        if (!old.containsAll(endpoints)) {
            names.refresh();
        } else if (!old.isEmpty()) {
            names.refreshForLess();
        }
        ports.follow(attachment);
    }

    private static String mac(NetworkRecord network, AttachmentSpec spec, IpAddress address) throws NetworkException {
        var asked = spec.options().macAddress();
        if (!network.spec().driver().equals("ipvlan")) {
            return asked.orElseGet(() -> Links.mac(address));
        }
        if (asked.isPresent()) {
            throw new NetworkException("on network " + network.name() + " every container has the hardware address of "
                    + network.bridge() + ", since it is an ipvlan; it cannot be " + asked.get());
        }
        return "";
    }

    /** Two ends with one hardware address get each other's packets. */
    private void requireFree(String mac, NetworkRecord network, String container) throws IOException {
        if (mac.isEmpty()) {
            return;
        }
        for (var attachment : files.attachmentsWith(mac)) {
            for (var endpoint : attachment.endpoints()) {
                if (!attachment.request().container().equals(container)
                        && endpoint.network().equals(network.name())
                        && endpoint.mac().equals(mac)) {
                    throw new NetworkException("the hardware address " + mac + " is that of container "
                            + attachment.request().dnsNames().getFirst() + " on network " + network.name());
                }
            }
        }
    }
}
