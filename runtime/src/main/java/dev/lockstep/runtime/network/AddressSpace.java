package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.ResolvConf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ranges that networks must keep away from, and the choice of one that does. The network lock is held. */
final class AddressSpace {
    private static final Logger log = LoggerFactory.getLogger(AddressSpace.class);

    private final NetworkFiles files;
    private final Kernel kernel;
    private final NetworkSettings settings;

    AddressSpace(NetworkFiles files, Kernel kernel, NetworkSettings settings) {
        this.files = files;
        this.kernel = kernel;
        this.settings = settings;
    }

    /** The subnet of a new network: the one it asks for, or one of the pool. */
    Cidr choose(NetworkSpec spec) throws IOException {
        var taken = taken();
        if (spec.subnet().isPresent()) {
            var subnet = spec.subnet().get();
            var obstacle = Subnets.obstacle(subnet, taken);
            if (obstacle.isPresent()) {
                throw new NetworkException("network " + spec.name() + ": subnet " + subnet + " overlaps "
                        + obstacle.get().by());
            }
            return subnet;
        }
        return Subnets.choose(settings.pool(), settings.prefix(), taken)
                .orElseThrow(() -> new NetworkException("network " + spec.name() + ": no /" + settings.prefix()
                        + " is free in the pool " + settings.pool() + "; remove unused networks or give it a subnet"));
    }

    /** What overlaps the subnet, for people. */
    Optional<String> obstacle(Cidr subnet) throws IOException {
        return Subnets.obstacle(subnet, taken()).map(Subnets.Taken::by);
    }

    /** What other than the network itself overlaps its subnet: after a reboot, its range may be somebody else's. */
    Optional<String> obstacle(NetworkRecord network) throws IOException {
        var others = taken().stream()
                .filter(t -> !t.by().startsWith("network " + network.name() + " "))
                .toList();
        return Subnets.obstacle(network.subnet(), others).map(Subnets.Taken::by);
    }

    /** Everything that a subnet must not overlap. */
    private List<Subnets.Taken> taken() throws IOException {
        var taken = new ArrayList<Subnets.Taken>();
        var own = files.networks();
        own.forEach(n -> taken.add(new Subnets.Taken(n.subnet(), "network " + n.name() + " (" + n.subnet() + ")")));
        var byIndex = new TreeMap<Integer, String>();
        for (var link : kernel.rtnetlink().links()) {
            byIndex.put(link.index(), link.name());
        }
        for (var address : kernel.rtnetlink().addresses()) {
            var ip = Ipv4.of(address.address());
            taken.add(new Subnets.Taken(
                    Cidr.around(ip, address.prefix()),
                    "the address " + ip + "/" + address.prefix() + " of " + byIndex.get(address.link())));
        }
        for (var route : kernel.rtnetlink().routes()) {
            var range = Cidr.around(Ipv4.of(route.destination()), route.prefix());
            var link = byIndex.get(route.link());
            taken.add(new Subnets.Taken(
                    range, "the route " + range + (link == null ? "" : " of " + link) + " of this host"));
        }
        for (var server : hostServers()) {
            try {
                var ip = Ipv4.parse(server);
                taken.add(new Subnets.Taken(new Cidr(ip, 32), "the name server " + ip + " of this host"));
            } catch (IllegalArgumentException e) {
                log.debug("no IPv4 server={}", server);
            }
        }
        return taken;
    }

    private List<String> hostServers() throws IOException {
        try {
            return ResolvConf.parse(Files.readString(settings.hostResolvConf())).servers();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }
}
