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
        kernel.conntrack()
                .delete(flow -> gone.stream().anyMatch(p -> leadsThrough(flow, p))
                        || udp.stream().anyMatch(p -> wentElsewhere(flow, p, here)));
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
        return flow.port() == publication.hostPort()
                && flow.protocol() == publication.port().protocol().number()
                && IpAddress.of(flow.answers()).equals(publication.address());
    }

    private static boolean wentElsewhere(Conntrack.Flow flow, Publication publication, Set<IpAddress> here) {
        return flow.port() == publication.hostPort()
                && flow.protocol() == UDP
                && IpAddress.of(flow.answers()).family()
                        == publication.address().family()
                && !IpAddress.of(flow.answers()).equals(publication.address())
                && here.contains(IpAddress.of(flow.destination()));
    }
}
