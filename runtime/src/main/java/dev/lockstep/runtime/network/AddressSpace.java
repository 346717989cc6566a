package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.ResolvConf;
import dev.lockstep.runtime.linux.ForeignText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ranges that networks must keep away from, and the choice of one that does. The network lock is held. */
final class AddressSpace {
    private static final Logger log = LoggerFactory.getLogger(AddressSpace.class);

    /** What a link needs that makes its own addresses (RFC 4862). */
    private static final int IPV6_PREFIX = 64;

    private final String rootId;
    private final NetworkFiles files;
    private final Kernel kernel;
    private final NetworkSettings settings;

    AddressSpace(String rootId, NetworkFiles files, Kernel kernel, NetworkSettings settings) {
        this.rootId = rootId;
        this.files = files;
        this.kernel = kernel;
        this.settings = settings;
    }

    /** The subnets of a new network: those it asks for, and one of the pool for each family that it asks none for. */
    List<Subnet> choose(NetworkSpec spec) throws IOException {
        var taken = taken(spec);
        var chosen = new ArrayList<Subnet>();
        for (var asked : spec.subnets()) {
            var obstacle = Subnets.obstacle(asked.range(), taken);
            if (obstacle.isPresent()) {
                throw new NetworkException("network " + spec.name() + ": subnet " + asked.range() + " overlaps "
                        + obstacle.get().by());
            }
            chosen.add(asked.settled());
        }
        taken.addAll(servers());
        for (var family : spec.families()) {
            if (spec.subnets(family).isEmpty()) {
                var six = family == AddressFamily.IPV6;
                var pool = six ? List.of(ownRange()) : settings.pool();
                var prefix = six ? IPV6_PREFIX : settings.prefix();
                var range = Subnets.choose(pool, prefix, taken)
                        .orElseThrow(() -> new NetworkException("network " + spec.name() + ": no /" + prefix
                                + " is free in the pool " + pool + "; remove unused networks or give it a subnet"));
                chosen.add(SubnetSpec.of(range).settled());
            }
        }
        return chosen;
    }

    /**
     * The host's own range of private IPv6 addresses (RFC 4193): always the same one, and with certainty nobody else's.
     * machine-id(5) asks to show the id itself to nobody.
     */
    private Cidr ownRange() throws IOException {
        String id;
        try {
            id = ForeignText.read(settings.machineId()).strip();
        } catch (NoSuchFileException e) {
            id = "";
        }
        return ownRange(id.isEmpty() ? rootId : id);
    }

    static Cidr ownRange(String machine) {
        try {
            var hash = MessageDigest.getInstance("SHA-256")
                    .digest(("lockstep networks of " + machine).getBytes(StandardCharsets.UTF_8));
            var address = new byte[AddressFamily.IPV6.bytes()];
            address[0] = (byte) 0xfd;
            System.arraycopy(hash, 0, address, 1, 5);
            return new Cidr(IpAddress.of(address), 48);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** What overlaps one of the subnets that are asked for, for people. */
    Optional<String> obstacle(NetworkSpec spec) throws IOException {
        var all = taken(spec);
        var taken = files.network(spec.name()).map(own -> others(own, all)).orElse(all);
        return spec.subnets().stream()
                .flatMap(s -> Subnets.obstacle(s.range(), taken).stream()
                        .map(t -> "subnet " + s.range() + " overlaps " + t.by()))
                .findFirst();
    }

    /**
     * What other than the network itself keeps it from coming up: after a reboot, its range may be somebody else's.
     * What leads a wider range elsewhere does not: of that it is told ({@link #overlaps}).
     */
    Optional<String> obstacle(NetworkRecord network) throws IOException {
        var taken = others(network, taken(network.spec()));
        return network.subnets().stream()
                .flatMap(s -> obstacle(
                        s, taken.stream().filter(t -> !t.givesWayTo(s.range())).toList())
                        .stream())
                .findFirst();
    }

    /**
     * What overlaps networks that are there: a route that came later, an address, another root's network, a name server
     * that is none of their containers.
     */
    List<String> overlaps(List<NetworkRecord> networks) throws IOException {
        // Others are made of a share in one of the host's links, and lie where that lies.
        var bridges = networks.stream().filter(n -> n.spec().isBridge()).toList();
        if (bridges.isEmpty()) {
            return List.of();
        }
        var taken = taken(bridges.getFirst().spec());
        servers().stream()
                .filter(server -> networks.stream()
                        .flatMap(network -> network.leases().stream())
                        .noneMatch(lease -> server.range().contains(lease.address())))
                .forEach(taken::add);
        return bridges.stream()
                .flatMap(network -> obstacle(network, taken).stream()
                        .map(obstacle -> "network " + network.name() + ": its subnet " + obstacle
                                + "; what is meant for one of them goes to the other"))
                .toList();
    }

    private static Optional<String> obstacle(NetworkRecord network, List<Subnets.Taken> taken) {
        var others = others(network, taken);
        return network.subnets().stream()
                .flatMap(s -> obstacle(s, others).stream())
                .findFirst();
    }

    private static Optional<String> obstacle(Subnet subnet, List<Subnets.Taken> taken) {
        return Subnets.obstacle(subnet.range(), taken).map(t -> subnet.range() + " overlaps " + t.by());
    }

    /** Without what the network itself has. */
    private static List<Subnets.Taken> others(NetworkRecord network, List<Subnets.Taken> taken) {
        return taken.stream()
                .filter(t -> !t.by().startsWith("network " + network.name() + " "))
                .filter(t -> !t.by().endsWith(" of " + network.bridge())
                        && !t.by().endsWith(" of " + network.bridge() + " of this host"))
                .toList();
    }

    /** Everything that the subnet must not overlap. One that shares a link may be the very range of that link. */
    private List<Subnets.Taken> taken(NetworkSpec spec) throws IOException {
        var taken = new ArrayList<Subnets.Taken>();
        var own = files.networks();
        for (var network : own) {
            for (var subnet : network.subnets()) {
                taken.add(new Subnets.Taken(
                        subnet.range(), "network " + network.name() + " (" + subnet.range() + ")", false));
            }
        }
        if (!spec.isBridge() && !spec.subnets().isEmpty()) {
            return taken;
        }
        var byIndex = new TreeMap<Integer, String>();
        for (var link : kernel.rtnetlink().links()) {
            byIndex.put(link.index(), link.name());
        }
        for (var address : kernel.rtnetlink().addresses()) {
            var ip = IpAddress.of(address.address());
            var by = "the address " + ip + "/" + address.prefix() + " of " + byIndex.get(address.link());
            taken.add(new Subnets.Taken(new Cidr(ip, ip.family().bits()), by, false));
            taken.add(new Subnets.Taken(Cidr.around(ip, address.prefix()), by, true));
        }
        for (var route : kernel.rtnetlink().routes()) {
            var range = Cidr.around(IpAddress.of(route.destination()), route.prefix());
            if (isWayOut(range)) {
                continue;
            }
            var link = byIndex.get(route.link());
            taken.add(new Subnets.Taken(
                    range, "the route " + range + (link == null ? "" : " of " + link) + " of this host", true));
        }
        return taken;
    }

    /**
     * Whether it is a part of the way to everywhere, and nobody's range. A VPN that takes all traffic puts it over the
     * default route without touching that: as two halves of IPv4, and {@code ::/3, 2000::/4, 3000::/4, fc00::/7}
     * (openvpn(8), {@code redirect-gateway}).
     */
    private static boolean isWayOut(Cidr route) {
        return route.prefix() <= (route.family() == AddressFamily.IPV6 ? 7 : 1);
    }

    /**
     * What only a range that nobody asked for must not overlap: the host's name servers. One may be a container of the
     * very network that is asked for, or comes back after a reboot.
     */
    private List<Subnets.Taken> servers() throws IOException {
        var taken = new ArrayList<Subnets.Taken>();
        for (var server : hostServers()) {
            try {
                var ip = IpAddress.parse(server);
                taken.add(new Subnets.Taken(
                        new Cidr(ip, ip.family().bits()), "the name server " + ip + " of this host", false));
            } catch (IllegalArgumentException e) {
                log.debug("no address server={}", server);
            }
        }
        return taken;
    }

    private List<String> hostServers() throws IOException {
        try {
            return ResolvConf.parse(ForeignText.read(settings.hostResolvConf())).servers();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }
}
