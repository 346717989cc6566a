package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.LinkChanges;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Sysctls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bridges and veth pairs of one root. Names have 15 bytes: {@code ls} or {@code lv}, four digits of the root id, nine
 * of the object. The alias says in full whose it is, and only links that carry our alias are ever removed.
 */
final class Links {
    /** How the alias of every link of every root begins. */
    static final String ALIAS = "lockstep:";

    private static final Cidr LINK_LOCAL = Cidr.parse("169.254.0.0/16");
    private static final String ALL_IPV6 = "net/ipv6/conf/all/disable_ipv6";

    private static final Duration PASSING = Duration.ofMillis(250);
    private static final Duration PASSING_TURN = Duration.ofNanos(50_000);
    private static final Logger log = LoggerFactory.getLogger(Links.class);

    /**
     * A network and the link that it is on now.
     *
     * @param link index of its bridge, or of the link that it shares
     */
    record OnLink(NetworkRecord network, int link) {}

    private final String rootId;
    private final Kernel kernel;
    private final NetworkNamespaces namespaces;

    Links(String rootId, Kernel kernel, NetworkNamespaces namespaces) {
        this.rootId = rootId;
        this.kernel = kernel;
        this.namespaces = namespaces;
    }

    /** How names of links of that root begin. */
    static List<String> prefixes(String rootId) {
        return List.of("ls" + rootId.substring(0, 4), "lv" + rootId.substring(0, 4));
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
    static String mac(IpAddress address) {
        // Of IPv6 no four bytes alone tell addresses of one network apart.
        var bytes = address.isIpv6()
                ? HexFormat.of().parseHex(digest(address.toString()).substring(0, 8))
                : address.bytes();
        return "02:42:" + HexFormat.ofDelimiter(":").formatHex(bytes);
    }

    static byte[] macBytes(String mac) {
        return HexFormat.ofDelimiter(":").parseHex(mac);
    }

    /** The hardware address of a network's bridge. */
    static String mac(NetworkRecord network) {
        return mac(network.gateways().getFirst());
    }

    /** The address that a link with that hardware address gives itself (RFC 4291, appendix A). */
    static IpAddress linkLocal(String mac) {
        var six = macBytes(mac);
        var address = new byte[AddressFamily.IPV6.bytes()];
        address[0] = (byte) 0xfe;
        address[1] = (byte) 0x80;
        System.arraycopy(six, 0, address, 8, 3);
        address[8] ^= 2;
        address[11] = (byte) 0xff;
        address[12] = (byte) 0xfe;
        System.arraycopy(six, 3, address, 13, 3);
        return IpAddress.of(address);
    }

    /** Why the host cannot have IPv6 networks, a sentence; empty when it can. */
    Optional<String> missingIpv6() throws IOException {
        return namespaces.home(() -> Sysctls.read(ALL_IPV6)).isPresent()
                ? Optional.empty()
                : Optional.of("this kernel was started without IPv6 (ipv6.disable=1), so enable_ipv6 cannot be had");
    }

    /** Whether a link of somebody else is called so. */
    boolean isTaken(String name) throws IOException {
        return kernel.rtnetlink().link(name).filter(link -> !isOurs(link)).isPresent();
    }

    /** Makes the bridge with its address and parameters, or completes what is there. */
    void ensureBridge(NetworkRecord network) throws IOException {
        if (!network.spec().isBridge()) {
            ensureParent(network);
            return;
        }
        var rtnetlink = kernel.rtnetlink();
        var name = network.bridge();
        var link = rtnetlink.link(name);
        if (link.isPresent() && !isOurs(link.get())) {
            throw new NetworkException("link " + name + " exists and is not ours (alias \""
                    + link.get().alias() + "\"); network " + network.name() + " needs that name");
        }
        var index = link.isPresent()
                ? link.get().index()
                : rtnetlink.createBridge(name, macBytes(mac(network)), network.mtu(), alias(network.name()));
        namespaces.home(() -> {
            // A published port on 127.0.0.1 leads through the bridge.
            Sysctls.write("net/ipv4/conf/" + name + "/route_localnet", "1");
            if (Sysctls.read("net/ipv6/conf/" + name + "/disable_ipv6").isPresent()) {
                Sysctls.write("net/ipv6/conf/" + name + "/accept_ra", "0");
                // An IPv4 network: no second way to the host's services over link-local addresses.
                Sysctls.write("net/ipv6/conf/" + name + "/disable_ipv6", network.has(AddressFamily.IPV6) ? "0" : "1");
            }
            return Optional.empty();
        });
        var changes = rtnetlink.changes();
        for (var subnet : network.subnets()) {
            if (subnet.gateway().isIpv6() || network.spec().options().bridgeAddress()) {
                addAddress(changes, index, subnet.gateway(), subnet.range());
            }
        }
        changes.up(index).make();
    }

    /** Makes the VLAN that a network shares, where there is none; a link that is the host's own is only used. */
    private void ensureParent(NetworkRecord network) throws IOException {
        var obstacle = obstacle(network.spec());
        if (obstacle.isPresent()) {
            throw new NetworkException("network " + network.name() + ": " + obstacle.get());
        }
        var rtnetlink = kernel.rtnetlink();
        var options = network.spec().options();
        var vlan = options.vlan();
        if (vlan.isPresent() && rtnetlink.link(network.bridge()).isEmpty()) {
            rtnetlink.createVlan(
                    network.bridge(), alias(network.name()), rtnetlink.index(options.physical()), vlan.get());
        }
    }

    /** Why the host cannot have a network of that driver, as the end of a sentence. Touches nothing. */
    Optional<String> obstacle(NetworkSpec spec) throws IOException {
        if (spec.isBridge()) {
            return Optional.empty();
        }
        var rtnetlink = kernel.rtnetlink();
        var options = spec.options();
        if (!rtnetlink.hasKind(spec.driver())) {
            return Optional.of("this host's kernel has no " + spec.driver());
        }
        var parent = options.parent().orElseThrow();
        if (rtnetlink.link(parent).isPresent()) {
            return Optional.empty();
        }
        if (rtnetlink.link(options.physical()).isEmpty()) {
            return Optional.of("there is no link " + options.physical() + " on this host, which its parent "
                    + (options.vlan().isPresent() ? parent + " is a VLAN of" : "is"));
        }
        return options.vlan().isPresent() && !rtnetlink.hasKind("vlan")
                ? Optional.of("this host's kernel has no VLANs, and there is no link " + parent)
                : Optional.empty();
    }

    private static void addAddress(LinkChanges changes, int link, IpAddress address, Cidr range) {
        if (address.isIpv6()) {
            changes.address(link, address.bytes(), range.prefix());
        } else {
            changes.address(link, address.bytes(), range.prefix(), range.last().bytes());
        }
    }

    /** True when the bridge is there, whatever its state. */
    boolean hasBridge(NetworkRecord network) throws IOException {
        return bridge(network).isPresent();
    }

    /** The link that the network is on, whatever its state. */
    Optional<Rtnetlink.Link> bridge(NetworkRecord network) throws IOException {
        return kernel.rtnetlink()
                .link(network.bridge())
                .filter(link -> !network.spec().isBridge() || isOurs(link));
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

    /** Whether it is the host's end of a container's link, by its name. */
    boolean isPort(Rtnetlink.Link link) {
        return link.name().startsWith("lv" + rootId.substring(0, 4));
    }

    /**
     * Makes the namespace, if it is not there.
     *
     * @return whether it was made, and so holds nothing yet
     */
    boolean ensureNamespace(Path pin, Optional<Path> userNamespace) throws IOException {
        if (namespaces.isPinned(pin)) {
            return false;
        }
        if (userNamespace.isPresent()) {
            namespaces.create(pin, userNamespace.get());
            namespaces.inside(pin, Links::withoutIpv6);
        } else {
            namespaces.create(pin, Links::withoutIpv6);
        }
        return true;
    }

    /**
     * Makes the namespace that a running process has one of ours, if it is not yet.
     *
     * @param strange whether an OCI runtime made it; else it was ours, and somebody took its pin away
     */
    void adoptNamespace(Path pin, ProcessIdentity process, boolean strange) throws IOException {
        if (!namespaces.isPinned(pin)) {
            namespaces.adopt(pin, process);
            if (strange) {
                namespaces.inside(pin, Links::withoutIpv6);
            }
        }
    }

    /** In a namespace that has no links yet, which takes the kernel least; the calling thread is inside. */
    private static boolean withoutIpv6() throws IOException {
        try {
            // Those of links to come follow (ip-sysctl.rst, conf/all/disable_ipv6).
            Sysctls.write(ALL_IPV6, "1");
            return true;
        } catch (NoSuchFileException e) {
            return false; // a kernel without IPv6
        }
    }

    /** Takes an end away from its container, wherever it is. */
    void disconnect(Path pin, Endpoint endpoint) throws IOException {
        if (!endpoint.hostLink().isEmpty()) {
            delete(endpoint.hostLink());
        } else if (namespaces.isPinned(pin)) {
            namespaces.inside(pin, () -> {
                try (var inner = Rtnetlink.open()) {
                    return inner.deleteLink(endpoint.interfaceName());
                }
            });
        }
    }

    /** Names of a container's interfaces. */
    Set<String> inside(Path pin) throws IOException {
        return namespaces.isPinned(pin) ? innerNames(pin) : Set.of();
    }

    /** Makes the links of a container whose namespace was just made: nothing in it has to be looked for. */
    void connectFirst(String container, Path pin, List<Endpoint> endpoints, List<OnLink> networks) throws IOException {
        try (var namespace = namespaces.home(() -> Fd.open(pin))) {
            for (var endpoint : endpoints) {
                createFirst(container, pin, endpoint, on(networks, endpoint), namespace);
            }
        }
    }

    /** Makes the links of a container that are not there. */
    void connect(String container, Path pin, List<Endpoint> endpoints, List<OnLink> networks) throws IOException {
        var inside = inside(pin);
        try (var namespace = namespaces.home(() -> Fd.open(pin))) {
            for (var endpoint : endpoints) {
                var network = on(networks, endpoint);
                if (!inside.contains(endpoint.interfaceName())
                        || !endpoint.hostLink().isEmpty()
                                && kernel.rtnetlink().link(endpoint.hostLink()).isEmpty()) {
                    // The other end may be in a namespace that is on its way out.
                    disconnect(pin, endpoint);
                    create(container, endpoint, network, namespace);
                } else if (!endpoint.hostLink().isEmpty()) {
                    ensurePort(container, endpoint, network);
                }
            }
        }
    }

    /**
     * Gives the links of a container, which are all there, addresses and parameters, and the first one the default
     * route; from then on they carry packets.
     *
     * @param young whether its namespace was just made
     * @param remade those of the ends that were there before with another hardware address or other addresses
     */
    void furnish(Path pin, boolean young, List<Endpoint> endpoints, Set<Endpoint> remade) throws IOException {
        namespaces.inside(pin, () -> {
            try (var inner = Rtnetlink.open()) {
                furnish(inner, young, endpoints, remade);
            }
            return Optional.empty();
        });
    }

    private static OnLink on(List<OnLink> networks, Endpoint endpoint) {
        return networks.stream()
                .filter(n -> n.network().name().equals(endpoint.network()))
                .findFirst()
                .orElseThrow();
    }

    /** Nobody has such a link, but for a namespace that is on its way out: asked for only when it is in the way. */
    private void createFirst(String container, Path pin, Endpoint endpoint, OnLink network, Fd namespace)
            throws IOException {
        try {
            make(container, endpoint, network, namespace);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
            disconnect(pin, endpoint);
            create(container, endpoint, network, namespace);
        }
    }

    private void create(String container, Endpoint endpoint, OnLink network, Fd namespace) throws IOException {
        try {
            make(container, endpoint, network, namespace);
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

    private void make(String container, Endpoint endpoint, OnLink network, Fd namespace) throws IOException {
        if (network.network().spec().isBridge()) {
            createVeth(container, endpoint, network, namespace);
        } else {
            createShare(endpoint, network, namespace);
        }
    }

    /** Addresses, parameters and routes of all ends, in as few calls as can be; the calling thread is inside. */
    private void furnish(Rtnetlink inner, boolean young, List<Endpoint> endpoints, Set<Endpoint> remade)
            throws IOException {
        var indexes = new HashMap<String, Integer>();
        if (!endpoints.isEmpty()) {
            inner.links().forEach(link -> indexes.put(link.name(), link.index()));
        }
        for (var endpoint : endpoints) {
            if (endpoint.of(AddressFamily.IPV6).isPresent()) {
                enableIpv6(endpoint.interfaceName());
            }
            settle(endpoint, isAnnounced(endpoint, remade));
        }
        var changes = inner.changes().loopbackUp();
        for (var endpoint : endpoints) {
            var index = index(indexes, endpoint);
            for (var place : endpoint.addresses()) {
                addAddress(changes, index, place.address(), place.subnet());
            }
            for (var address : endpoint.options().linkLocal()) {
                addAddress(changes, index, IpAddress.parse(address), LINK_LOCAL);
            }
            changes.up(index);
        }
        for (var family : AddressFamily.values()) {
            setWayOut(changes, young, endpoints, indexes, family);
        }
        changes.make();
        for (var endpoint : endpoints) {
            awaitPassing(inner, endpoint);
            // A share says it when it goes up; told again, one that is its parent (passthru) would change that.
            if (isAnnounced(endpoint, remade)
                    && (endpoint.isOnBridge() || endpoint.options().macAddress().isPresent())) {
                inner.announce(index(indexes, endpoint), macBytes(endpoint.mac()));
            }
        }
    }

    /** Whether its addresses may have had another hardware address until now, which neighbours remember. */
    private static boolean isAnnounced(Endpoint endpoint, Set<Endpoint> remade) {
        // One of an ipvlan has that of the parent, always.
        return !endpoint.mac().isEmpty() && (endpoint.options().macAddress().isPresent() || remade.contains(endpoint));
    }

    private static int index(Map<String, Integer> indexes, Endpoint endpoint) throws NetworkException {
        var index = indexes.get(endpoint.interfaceName());
        if (index == null) {
            throw new NetworkException("interface " + endpoint.interfaceName() + " on network " + endpoint.network()
                    + " has gone while it was furnished");
        }
        return index;
    }

    /** The first packet of a container must not be lost; the calling thread is inside. */
    private void awaitPassing(Rtnetlink inner, Endpoint endpoint) throws IOException {
        var until = System.nanoTime() + PASSING.toNanos();
        while (!inner.passes(endpoint.interfaceName())
                || endpoint.isOnBridge() && !kernel.rtnetlink().passes(endpoint.hostLink())) {
            if (System.nanoTime() > until) {
                log.debug("no carrier yet link={} network={}", endpoint.interfaceName(), endpoint.network());
                return; // A parent without a cable has none.
            }
            LockSupport.parkNanos(PASSING_TURN.toNanos());
        }
    }

    /** Settings of the interface, before it is up; the calling thread is inside. */
    private static void settle(Endpoint endpoint, boolean announced) throws IOException {
        var name = endpoint.interfaceName();
        if (announced) {
            Sysctls.write("net/ipv4/conf/" + name + "/arp_notify", "1");
        }
        for (var setting : endpoint.options().sysctls().entrySet()) {
            // Names of interfaces may have dots.
            var path = "net/" + setting.getKey().replace('.', '/').replace("/IFNAME/", "/" + name + "/");
            try {
                Sysctls.write(path, setting.getValue());
            } catch (IOException e) {
                throw new NetworkException(
                        "interface " + name + " cannot have " + setting.getKey() + "=" + setting.getValue() + ": "
                                + e.getMessage(),
                        e);
            }
        }
    }

    /** In the container's namespace, where IPv6 is off until a network has it: its addresses come from us alone. */
    private static void enableIpv6(String link) throws IOException {
        Sysctls.write("net/ipv6/conf/" + link + "/accept_ra", "0");
        Sysctls.write("net/ipv6/conf/" + link + "/accept_dad", "0");
        Sysctls.write("net/ipv6/conf/" + link + "/ndisc_notify", "1");
        Sysctls.write("net/ipv6/conf/" + link + "/disable_ipv6", "0");
        Sysctls.write("net/ipv6/conf/lo/disable_ipv6", "0");
    }

    /** The first network that has the family and leads out has the default route. */
    private static void setWayOut(
            LinkChanges changes,
            boolean young,
            List<Endpoint> endpoints,
            Map<String, Integer> indexes,
            AddressFamily family)
            throws IOException {
        if (!young && (family == AddressFamily.IPV4 || Sysctls.read(ALL_IPV6).isPresent())) {
            if (family == AddressFamily.IPV4) {
                changes.noDefaultRoute4();
            } else {
                changes.noDefaultRoute6();
            }
        }
        var way = endpoints.stream()
                .filter(e -> !e.internal() && e.of(family).isPresent())
                .findFirst();
        if (way.isPresent()) {
            changes.defaultRoute(
                    index(indexes, way.get()),
                    way.get().of(family).orElseThrow().gateway().bytes());
        }
    }

    private Set<String> innerNames(Path pin) throws IOException {
        return namespaces.inside(pin, () -> {
            try (var inner = Rtnetlink.open()) {
                return inner.links().stream().map(Rtnetlink.Link::name).collect(Collectors.toSet());
            }
        });
    }

    private void createShare(Endpoint endpoint, OnLink on, Fd namespace) throws IOException {
        var spec = on.network().spec();
        kernel.rtnetlink()
                .createShare(
                        on.link(),
                        new Rtnetlink.Share(
                                spec.driver(),
                                spec.options().modeNumber(spec.driver()),
                                Optional.of(endpoint.mac())
                                        .filter(mac -> !mac.isEmpty())
                                        .map(Links::macBytes),
                                spec.mtu()),
                        namespace,
                        endpoint.interfaceName());
    }

    /** When a bridge is deleted, its ports stay; and who is killed while making one leaves it half done. */
    void ensurePort(String container, Endpoint endpoint, OnLink network) throws IOException {
        if (!endpoint.isOnBridge()) {
            return;
        }
        var rtnetlink = kernel.rtnetlink();
        var bridge = network.link();
        var link = rtnetlink.link(endpoint.hostLink());
        if (link.isPresent()
                && (link.get().master() != bridge
                        || !isOurs(link.get())
                        || !link.get().up())) {
            rtnetlink.makePort(endpoint.hostLink(), alias(container + " " + endpoint.network()), bridge);
        }
    }

    private void createVeth(String container, Endpoint endpoint, OnLink on, Fd namespace) throws IOException {
        kernel.rtnetlink()
                .createVeth(
                        endpoint.hostLink(),
                        alias(container + " " + endpoint.network()),
                        on.link(),
                        namespace,
                        endpoint.interfaceName(),
                        macBytes(endpoint.mac()),
                        on.network().mtu());
    }

    private boolean isOurs(Rtnetlink.Link link) {
        return link.alias().startsWith(ALIAS + rootId + ":");
    }

    private String alias(String what) {
        var alias = ALIAS + rootId + ":" + what;
        return alias.substring(0, Math.min(alias.length(), 255)); // IFALIASZ 256
    }

    static String digest(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
