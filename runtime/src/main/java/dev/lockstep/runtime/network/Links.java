package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Sysctls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Bridges and veth pairs of one root. Names have 15 bytes: {@code ls} or {@code lv}, four digits of the root id, nine
 * of the object. The alias says in full whose it is, and only links that carry our alias are ever removed.
 */
final class Links {
    /** How the alias of every link of every root begins. */
    static final String ALIAS = "lockstep:";

    private final String rootId;
    private final Kernel kernel;
    private final NetworkNamespaces namespaces;

    Links(String rootId, Kernel kernel, NetworkNamespaces namespaces) {
        this.rootId = rootId;
        this.kernel = kernel;
        this.namespaces = namespaces;
    }

    /** Name of the bridge of a network. */
    static String bridgeName(String rootId, String networkId) {
        return "ls" + rootId.substring(0, 4) + networkId.substring(0, 9);
    }

    /** Name of the host's end of a container's link to a network. */
    static String hostName(String rootId, String container, String networkId) {
        return "lv" + rootId.substring(0, 4)
                + digest(container + " " + networkId).substring(0, 9);
    }

    /** The hardware address that goes with an address: it moves with it, so peers' caches stay right. */
    static String mac(Ipv4 address) {
        return "02:42:" + HexFormat.ofDelimiter(":").formatHex(address.bytes());
    }

    private static byte[] macBytes(Ipv4 address) {
        return HexFormat.ofDelimiter(":").parseHex(mac(address));
    }

    /** Makes the bridge with its address and parameters, or completes what is there. */
    void ensureBridge(NetworkRecord network) throws IOException {
        var rtnetlink = kernel.rtnetlink();
        var name = network.bridge();
        var link = rtnetlink.link(name);
        if (link.isPresent() && !isOurs(link.get())) {
            throw new NetworkException("link " + name + " exists and is not ours (alias \""
                    + link.get().alias() + "\"); network " + network.name() + " needs that name");
        }
        var index = link.isPresent()
                ? link.get().index()
                : rtnetlink.createBridge(name, macBytes(network.gateway()), network.mtu(), alias(network.name()));
        namespaces.home(() -> {
            // A published port on 127.0.0.1 leads through the bridge.
            Sysctls.write("net/ipv4/conf/" + name + "/route_localnet", "1");
            if (Sysctls.read("net/ipv6/conf/" + name + "/disable_ipv6").isPresent()) {
                // An IPv4 network: no second way to the host's services over link-local addresses.
                Sysctls.write("net/ipv6/conf/" + name + "/accept_ra", "0");
                Sysctls.write("net/ipv6/conf/" + name + "/disable_ipv6", "1");
            }
            return Optional.empty();
        });
        var subnet = network.subnet();
        rtnetlink.addAddress(
                index,
                network.gateway().bytes(),
                subnet.prefix(),
                subnet.broadcast().bytes());
        rtnetlink.setUp(index);
    }

    /** True when the bridge is there, whatever its state. */
    boolean hasBridge(NetworkRecord network) throws IOException {
        return kernel.rtnetlink().link(network.bridge()).filter(this::isOurs).isPresent();
    }

    /** Removes the link if it is ours; true when it was there. */
    boolean delete(String name) throws IOException {
        var link = kernel.rtnetlink().link(name);
        return link.isPresent() && isOurs(link.get()) && kernel.rtnetlink().deleteLink(name);
    }

    /** All links of this root. */
    List<Rtnetlink.Link> ours() throws IOException {
        return kernel.rtnetlink().links().stream().filter(this::isOurs).toList();
    }

    /** Makes the namespace with {@code lo} up, if it is not there. */
    void ensureNamespace(Path pin, Optional<Path> userNamespace) throws IOException {
        if (!namespaces.isPinned(pin)) {
            if (userNamespace.isPresent()) {
                namespaces.create(pin, userNamespace.get());
            } else {
                namespaces.create(pin);
            }
            namespaces.inside(pin, () -> {
                for (var scope : List.of("all", "default")) {
                    if (Sysctls.read("net/ipv6/conf/" + scope + "/disable_ipv6").isPresent()) {
                        Sysctls.write("net/ipv6/conf/" + scope + "/disable_ipv6", "1");
                    }
                }
                try (var inner = Rtnetlink.open()) {
                    inner.setUp(inner.index("lo"));
                }
                return Optional.empty();
            });
        }
    }

    /** Makes the links of a container that are not there, and gives the first one the default route. */
    void connect(String container, Path pin, List<Endpoint> endpoints, List<NetworkRecord> networks)
            throws IOException {
        var inside = innerNames(pin);
        try (var namespace = namespaces.home(() -> Fd.open(pin))) {
            for (var endpoint : endpoints) {
                if (!inside.contains(endpoint.interfaceName())
                        || kernel.rtnetlink().link(endpoint.hostLink()).isEmpty()) {
                    // The other end may be in a namespace that is on its way out.
                    delete(endpoint.hostLink());
                    var network = networks.stream()
                            .filter(n -> n.name().equals(endpoint.network()))
                            .findFirst()
                            .orElseThrow();
                    createVeth(container, endpoint, network, namespace);
                }
            }
        }
        namespaces.inside(pin, () -> {
            try (var inner = Rtnetlink.open()) {
                for (var endpoint : endpoints) {
                    var index = inner.index(endpoint.interfaceName());
                    inner.addAddress(
                            index,
                            endpoint.address().bytes(),
                            endpoint.subnet().prefix(),
                            endpoint.subnet().broadcast().bytes());
                    inner.setUp(index);
                }
                var way = endpoints.stream().findFirst().filter(e -> !e.internal());
                if (way.isPresent()) {
                    inner.replaceDefaultRoute(
                            inner.index(way.get().interfaceName()),
                            way.get().gateway().bytes());
                } else {
                    inner.deleteDefaultRoute();
                }
            }
            return Optional.empty();
        });
    }

    private Set<String> innerNames(Path pin) throws IOException {
        return namespaces.inside(pin, () -> {
            try (var inner = Rtnetlink.open()) {
                return inner.links().stream().map(Rtnetlink.Link::name).collect(Collectors.toSet());
            }
        });
    }

    private void createVeth(String container, Endpoint endpoint, NetworkRecord network, Fd namespace)
            throws IOException {
        var rtnetlink = kernel.rtnetlink();
        try {
            rtnetlink.createVeth(
                    endpoint.hostLink(),
                    alias(container + " " + endpoint.network()),
                    rtnetlink.index(network.bridge()),
                    namespace,
                    endpoint.interfaceName(),
                    macBytes(endpoint.address()),
                    network.mtu());
        } catch (LinuxException e) {
            if (e.errno() == Errno.EEXIST) {
                throw new NetworkException(
                        "cannot make " + endpoint.interfaceName() + " of container " + container + ": "
                                + e.getMessage(),
                        e);
            }
            throw e;
        }
    }

    private boolean isOurs(Rtnetlink.Link link) {
        return link.alias().startsWith(ALIAS + rootId + ":");
    }

    private String alias(String what) {
        var alias = ALIAS + rootId + ":" + what;
        return alias.substring(0, Math.min(alias.length(), 255)); // IFALIASZ 256
    }

    private static String digest(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
