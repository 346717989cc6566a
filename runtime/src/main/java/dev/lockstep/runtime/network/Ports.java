package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.LocalPort;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.SocketDiagnosis;
import dev.lockstep.runtime.linux.Sysctls;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Who has which port of the host, and which one is free. */
final class Ports {
    /** The dynamic ports of RFC 6335. */
    private static final int FIRST_DYNAMIC = 49152;

    private static final int LAST = 65535;
    private static final int ATTEMPTS = 1000;
    private static final Ipv4 ANY = new Ipv4(0);

    private final NetworkNamespaces namespaces;
    private final Firewall firewall;
    private final RandomGenerator random;

    Ports(NetworkNamespaces namespaces, Firewall firewall, RandomGenerator random) {
        this.namespaces = namespaces;
        this.firewall = firewall;
        this.random = random;
    }

    /**
     * Who has the port: a container of this root, one of another root, or a process.
     *
     * @param others what containers other than the asking one have published
     */
    Optional<PortHolder> holder(PublishedPort port, List<Publication> others) throws IOException {
        var published = others.stream().filter(p -> p.overlaps(port)).findFirst();
        if (published.isPresent()) {
            return Optional.of(new PortHolder.Container(published.get().container()));
        }
        var elsewhere = firewall.otherRoot(port);
        if (elsewhere.isPresent()) {
            return Optional.of(new PortHolder.OtherRoot(elsewhere.get()));
        }
        var ip = Publication.hostIp(port).orElse(ANY);
        var udp = port.protocol() == PublishedPort.TransportProtocol.UDP;
        int number = port.hostPort().orElseThrow();
        return namespaces.home(() -> switch (LocalPort.probe(ip.bytes(), number, udp)) {
            case FREE -> Optional.<PortHolder>empty();
            case TAKEN ->
                Optional.of(SocketDiagnosis.holder(ip.bytes(), number, udp)
                        .<PortHolder>map(p -> new PortHolder.OtherProcess(p.pid(), p.command()))
                        .orElse(new PortHolder.OtherProcess(0, "")));
            case NO_SUCH_ADDRESS ->
                throw new NetworkException("port " + port + " cannot be published: this host has no address " + ip);
        });
    }

    /**
     * The ports with every host port chosen.
     *
     * @param own what the container has published already: a chosen port is kept, and is not in its own way
     * @throws PortConflictException when somebody has one
     */
    List<PublishedPort> settle(List<PublishedPort> wanted, List<Publication> own, List<Publication> others)
            throws IOException {
        var settled = new ArrayList<PublishedPort>();
        for (var port : wanted) {
            if (port.hostPort().isPresent()) {
                settled.add(certain(port, own, others));
            }
        }
        for (var port : wanted) {
            if (port.hostPort().isEmpty()) {
                settled.add(any(port, own, others, settled));
            }
        }
        for (var i = 0; i < settled.size(); i++) {
            for (var j = 0; j < i; j++) {
                if (new Publication("", ANY, settled.get(j)).overlaps(settled.get(i))) {
                    throw new NetworkException("ports " + settled.get(j) + " and " + settled.get(i)
                            + " of one container want the same port of the host");
                }
            }
        }
        return settled;
    }

    private PublishedPort certain(PublishedPort port, List<Publication> own, List<Publication> others)
            throws IOException {
        var kept = own.stream().anyMatch(p -> p.port().equals(port));
        var holder = kept ? Optional.<PortHolder>empty() : holder(port, others);
        if (holder.isPresent()) {
            throw new PortConflictException(port, holder.get());
        }
        return port;
    }

    private PublishedPort any(
            PublishedPort port, List<Publication> own, List<Publication> others, List<PublishedPort> settled)
            throws IOException {
        for (var publication : own) {
            if (withPort(port, publication.hostPort()).equals(publication.port())
                    && !settled.contains(publication.port())) {
                return publication.port();
            }
        }
        var range = dynamicRange();
        for (var attempt = 0; attempt < ATTEMPTS; attempt++) {
            var candidate = withPort(port, random.nextInt(range[0], range[1] + 1));
            var doubled = settled.stream().anyMatch(s -> new Publication("", ANY, s).overlaps(candidate));
            if (!doubled && holder(candidate, others).isEmpty()) {
                return candidate;
            }
        }
        throw new NetworkException("no port from " + range[0] + " to " + range[1] + " is free for " + port);
    }

    /** Dynamic ports that the host's own clients use too: others may be reserved by its owner. */
    private int[] dynamicRange() throws IOException {
        var own = namespaces
                .home(() -> Sysctls.read("net/ipv4/ip_local_port_range"))
                .map(text -> text.split("\\s+"))
                .orElse(new String[] {"32768", "60999"});
        var first = Math.max(FIRST_DYNAMIC, Integer.parseInt(own[0]));
        var last = Math.min(LAST, Integer.parseInt(own[1]));
        return first < last ? new int[] {first, last} : new int[] {FIRST_DYNAMIC, LAST};
    }

    private static PublishedPort withPort(PublishedPort port, int hostPort) {
        return new PublishedPort(port.hostIp(), Optional.of(hostPort), port.containerPort(), port.protocol());
    }
}
