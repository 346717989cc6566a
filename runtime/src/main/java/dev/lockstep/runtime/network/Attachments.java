package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

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

    /** Takes everything of it away, but for leases. */
    void detach(String container) throws IOException {
        var attachment = lock.holding(() -> {
            var found = files.attachment(container);
            ports.withdraw(container);
            if (found.isPresent()) {
                // Who looks from now on does not miss the rules that go.
                files.write(found.get().asLeaving());
                sources.follow(found.get().endpoints(), List.of());
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
    Attached update(AttachRequest request, boolean undo) throws IOException {
        // From end to end on one of its threads: to go from thread to thread takes longer than many of the steps.
        return namespaces.home(() -> updateAtHome(request, undo));
    }

    private Attached updateAtHome(AttachRequest request, boolean undo) throws IOException {
        var container = request.container();
        var before = files.attachment(container);
        // Beside the choice of addresses: the kernel needs a millisecond for a namespace.
        var namespace =
                namespaces.aside(() -> links.ensureNamespace(files.namespace(container), request.userNamespace()));
        try {
            var networks = new ArrayList<Links.OnLink>();
            var attachment = lock.holding(() -> settle(request, before, networks));
            for (var old : before.map(AttachmentRecord::endpoints).orElse(List.of())) {
                if (attachment.endpoints().stream().noneMatch(e -> sameLink(e, old))) {
                    links.disconnect(files.namespace(container), old);
                }
            }
            links.connect(container, files.namespace(container), namespace.await(), attachment.endpoints(), networks);
            if (attachment.asksItsOwn()) {
                lock.holding(() -> names.ensureOwn(attachment));
            }
            return attached(attachment);
        } catch (IOException | RuntimeException e) {
            namespace.abandon();
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

    private static boolean sameLink(Endpoint a, Endpoint b) {
        return a.hostLink().equals(b.hostLink())
                && a.addresses().equals(b.addresses())
                && a.mac().equals(b.mac())
                && a.interfaceName().equals(b.interfaceName())
                && a.options().linkLocal().equals(b.options().linkLocal())
                && a.options().sysctls().equals(b.options().sysctls());
    }

    /** Chooses addresses and interface names, writes them down, and makes names and published ports follow. */
    private AttachmentRecord settle(
            AttachRequest request, Optional<AttachmentRecord> before, List<Links.OnLink> networks) throws IOException {
        var container = request.container();
        var wanted = request.networks().stream()
                .sorted(Comparator.comparingInt(AttachmentSpec::priority)
                        .reversed()
                        .thenComparing(AttachmentSpec::network))
                .toList();
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
        for (var spec : wanted) {
            var network = all.stream()
                    .filter(n -> n.name().equals(spec.network()))
                    .findFirst()
                    .orElseThrow(() -> new NetworkException(
                            "container " + container + " wants network " + spec.network() + ", which does not exist"));
            var link = bridges.ensureThere(network);
            var given = Leases.give(network, request.key(), container, spec.addresses(), files::isAttached);
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
        sources.follow(old, endpoints);
        for (var gone : old) {
            if (endpoints.stream().noneMatch(e -> e.network().equals(gone.network()))) {
                names.remove(gone.network(), container);
            }
        }
        names.put(attachment);
        if (!endpoints.isEmpty() || !old.isEmpty()) {
            names.refresh();
        }
        ports.follow(attachment);
        return attachment;
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
