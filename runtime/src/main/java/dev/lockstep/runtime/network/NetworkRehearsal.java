package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;

/**
 * What networks and the containers on them leave in files, without anything in the kernel. For who has to look at
 * networks where none can be made, such as the run that fills a start-up cache. Only for roots that are thrown away
 * afterwards.
 */
public final class NetworkRehearsal {
    private static final int MTU = 1500;
    private static final int DNS_PORT = 5354;

    private final Root root;
    private final NetworkFiles files;

    /** On that root. */
    public NetworkRehearsal(Root root) throws IOException {
        this.root = root;
        this.files = new NetworkFiles(root);
    }

    /** Writes the record of a network; its subnet is the next one of the pool. */
    public void create(NetworkSpec spec, Instant now) throws IOException {
        var defaults = NetworkSettings.defaults();
        var taken = files.networks().stream()
                .flatMap(n -> n.subnets().stream().map(s -> new Subnets.Taken(s.range(), n.name(), false)))
                .toList();
        var subnet = Subnets.choose(defaults.pool(), defaults.prefix(), taken).orElseThrow();
        var bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        var id = HexFormat.of().formatHex(bytes);
        files.write(new NetworkRecord(
                id,
                spec,
                List.of(SubnetSpec.of(subnet).settled()),
                Links.bridgeName(root.id(), id),
                MTU,
                now,
                List.of(),
                List.of()));
    }

    /**
     * Writes the records of a container on its networks, which exist, and of its published ports, which have numbers.
     *
     * @return its ends, the main one first
     */
    public List<Endpoint> attach(AttachRequest request, List<PublishedPort> ports) throws IOException {
        var container = request.container();
        var endpoints = new ArrayList<Endpoint>();
        var interfaces = InterfaceNames.choose(request.networks(), List.of(), _ -> "eth");
        for (var spec : request.networks()) {
            var network = files.network(spec.network()).orElseThrow();
            var given = Leases.give(
                    network, request.key(), container, List.of(), id -> files.isAttached(id, network.name()));
            files.write(given.network());
            endpoints.add(new Endpoint(
                    network.name(),
                    spec.aliases(),
                    given.addresses(),
                    false,
                    Links.mac(given.addresses().getFirst().address()),
                    interfaces.getOrDefault(spec.network(), ""),
                    Links.hostName(root.id(), container, network.id()),
                    spec.priority(),
                    spec.options(),
                    false,
                    false));
        }
        files.write(new AttachmentRecord(request, true, endpoints));
        var published = new ArrayList<>(files.published());
        for (var port : ports) {
            published.add(new Publication(
                    container, endpoints.getFirst().addresses().getFirst().address(), port));
        }
        files.writePublished(published);
        return List.copyOf(endpoints);
    }

    /** Says what the firewall would be told of all of it and of one container's ends, and tells nobody. */
    public List<String> rules() throws IOException {
        var ends = FrameRules.ends(files.attachments());
        var beside = Beside.ofAll(files.attachments(), files.networks());
        var all = new Ruleset.Content(
                DNS_PORT,
                files.networks(),
                List.of(),
                files.published(),
                ends,
                beside,
                new Ruleset.Guarded(List.of(), List.of()));
        return List.of(
                Ruleset.load("train", root.id(), all, true),
                FrameRules.changeEnds(List.of(), ends, List.of()).toString());
    }

    /** Writes the zones of a name server, which is not started. */
    public void names() throws IOException {
        NameServer.Program none = () -> {
            throw new IOException("nobody asks");
        };
        try (var namespaces = NetworkNamespaces.ofThisProcess();
                var server = new NameServer(root, none, namespaces, _ -> {})) {
            var names = new ContainerNames(files, server, _ -> true, namespaces, Path.of("/etc/resolv.conf"), () -> {});
            for (var network : files.networks()) {
                names.put(network);
            }
            for (var attachment : files.attachments()) {
                names.put(attachment);
            }
        }
    }

    /** Looks whether the firewall has all that the records ask for, as if just that were loaded. */
    public boolean isWhole() throws IOException {
        var bridges = new HashSet<String>();
        var published = new HashSet<String>();
        var ends = new HashSet<String>();
        for (var network : files.networks()) {
            bridges.add(network.bridge());
            ends.addAll(FrameRules.keys(network));
        }
        for (var publication : files.published()) {
            published.add(Firewall.key(publication));
        }
        for (var attachment : files.attachments()) {
            for (var endpoint : attachment.endpoints()) {
                ends.addAll(FrameRules.End.of(endpoint).keys());
            }
        }
        var beside = new HashSet<String>();
        Beside.ofAll(files.attachments(), files.networks()).forEach(b -> beside.add(b.key()));
        var loaded = new Firewall.Loaded(bridges, published, ends, beside, Ruleset.VERSION, true);
        var whole = true;
        for (var network : files.networks()) {
            whole &= loaded.isWhole(network, files.published(), files.attachments());
        }
        return whole;
    }
}
