package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.Conntrack;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What the kernel remembers of packets that went through rules. A flow keeps the translation that it began with, also
 * when that was none, for as long as packets come; so what rules that have changed must not leave as it is, begins
 * anew.
 */
final class Flows {
    private static final int UDP = PublishedPort.TransportProtocol.UDP.number();
    private static final int DNS = 53;

    private final Kernel kernel;

    Flows(Kernel kernel) {
        this.kernel = kernel;
    }

    /**
     * After ports were published or taken back: connections through one that was taken back are cut; UDP that came
     * before the port was published, or went to the old container, begins anew.
     */
    void changed(List<Publication> gone, List<Publication> added) throws IOException {
        var udp = udp(added);
        if (gone.isEmpty() && udp.isEmpty()) {
            return;
        }
        var here = udp.isEmpty() ? Set.<IpAddress>of() : here();
        kernel.conntrack().delete(flow -> isStale(flow, gone, added, here));
    }

    /**
     * Whether the flow must not go on when those ports were taken back and these published.
     *
     * @param here addresses of this host
     */
    static boolean isStale(Conntrack.Flow flow, List<Publication> gone, List<Publication> added, Set<IpAddress> here) {
        return gone.stream().anyMatch(p -> leadsThrough(flow, p))
                        && added.stream().noneMatch(p -> leadsThrough(flow, p))
                || added.stream()
                        .anyMatch(p -> p.port().protocol() == PublishedPort.TransportProtocol.UDP
                                && wentElsewhere(flow, p, here));
    }

    /**
     * After rules that somebody had taken away are back: UDP that came meanwhile was not led anywhere, and begins anew.
     * Without that a socket that goes on asking for names would never be answered again, and a new one not for half a
     * minute when it happens to have the same port.
     */
    void putBack(List<NetworkRecord> networks, List<Publication> published) throws IOException {
        var gateways = new HashSet<IpAddress>();
        networks.forEach(network -> gateways.addAll(network.gateways()));
        var udp = udp(published);
        var here = here();
        kernel.conntrack()
                .delete(flow -> isUnredirectedQuestion(flow, gateways)
                        || udp.stream().anyMatch(p -> wentElsewhere(flow, p, here)));
    }

    private static List<Publication> udp(List<Publication> publications) {
        return publications.stream()
                .filter(p -> p.port().protocol() == PublishedPort.TransportProtocol.UDP)
                .toList();
    }

    private Set<IpAddress> here() throws IOException {
        var here = new HashSet<IpAddress>();
        for (var address : kernel.rtnetlink().addresses()) {
            here.add(IpAddress.of(address.address()));
        }
        return here;
    }

    /** One for the name server that was not led to its port. */
    private static boolean isUnredirectedQuestion(Conntrack.Flow flow, Set<IpAddress> gateways) {
        return flow.protocol() == UDP
                && flow.port() == DNS
                && flow.answersFrom() == DNS
                && gateways.contains(IpAddress.of(flow.destination()));
    }

    private static boolean leadsThrough(Conntrack.Flow flow, Publication publication) {
        var destination = IpAddress.of(flow.destination());
        if (flow.protocol() != publication.port().protocol().number()
                || flow.answersFrom() != publication.port().containerPort()
                || !IpAddress.of(flow.answers()).equals(publication.address())) {
            return false;
        }
        if (publication.routed()) {
            return destination.equals(publication.address());
        }
        // Who asked for the container's own address came through no port of the host.
        return flow.port() == publication.hostPort()
                && !destination.equals(publication.address())
                && isAt(destination, publication);
    }

    private static boolean isAt(IpAddress destination, Publication publication) {
        return publication.hostIp().filter(ip -> !ip.equals(destination)).isEmpty();
    }

    private static boolean wentElsewhere(Conntrack.Flow flow, Publication publication, Set<IpAddress> here) {
        var destination = IpAddress.of(flow.destination());
        var answers = IpAddress.of(flow.answers());
        // What was led to another port of this host, as questions for names are, is led there before published ports.
        var redirected = answers.equals(destination) && flow.answersFrom() != flow.port();
        return flow.port() == publication.hostPort()
                && flow.protocol() == UDP
                && answers.family() == publication.address().family()
                && !answers.equals(publication.address())
                && !redirected
                && isAt(destination, publication)
                && here.contains(destination);
    }
}
