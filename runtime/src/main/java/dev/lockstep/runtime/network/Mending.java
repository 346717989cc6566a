package dev.lockstep.runtime.network;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts back what somebody took from networks that containers are on, see {@link Networks#mend}. */
final class Mending {
    private static final Logger log = LoggerFactory.getLogger(Mending.class);

    private final NetworkLock lock;
    private final NetworkFiles files;
    private final NetworkObservation observation;
    private final Bridges bridges;
    private final Links links;
    private final ContainerNames names;

    Mending(
            NetworkLock lock,
            NetworkFiles files,
            NetworkObservation observation,
            Bridges bridges,
            Links links,
            ContainerNames names) {
        this.lock = lock;
        this.files = files;
        this.observation = observation;
        this.bridges = bridges;
        this.links = links;
        this.names = names;
    }

    /** Looks without the lock first: mostly nothing is missing. */
    List<String> mend() throws IOException {
        var seen = observation.all();
        if (seen.networks().stream().allMatch(ObservedNetwork::intact)
                && seen.containers().values().stream()
                        .allMatch(c -> c.missingPorts().isEmpty())) {
            return List.of();
        }
        return lock.holding(this::mendAtHome);
    }

    private List<String> mendAtHome() throws IOException {
        var seen = observation.all(); // who was at work is done now
        var attachments = files.attachments();
        var mended = new ArrayList<String>();
        for (var network : seen.networks()) {
            var name = network.record().name();
            var ends = attachments.stream()
                    .flatMap(a -> a.endpoints().stream()
                            .filter(e -> e.network().equals(name))
                            .map(e -> Map.entry(a.request().container(), e)))
                    .toList();
            var portsAreLost = ends.stream()
                    .anyMatch(end -> !seen.container(end.getKey())
                            .map(ObservedAttachment::missingPorts)
                            .orElse(List.of())
                            .isEmpty());
            if (ends.isEmpty() || network.intact() && !portsAreLost) {
                continue;
            }
            try {
                bridges.ensureUp(network.record());
                var link = bridges.ensureThere(network.record());
                for (var end : ends) {
                    links.ensurePort(end.getKey(), end.getValue(), new Links.OnLink(network.record(), link));
                }
                // Last, and each for itself: a program of a container may have taken its server's port.
                names.ensureOwn(attachments.stream()
                        .filter(a ->
                                a.endpoints().stream().anyMatch(e -> e.network().equals(name)))
                        .toList());
                mended.add("network " + name + ": " + lost(network) + " had been taken away and put back");
            } catch (IOException e) {
                log.warn("cannot put back network={} error={}", name, e.getMessage());
            }
        }
        return mended;
    }

    private static String lost(ObservedNetwork network) {
        var lost = new ArrayList<String>();
        if (!network.bridge()) {
            lost.add("its bridge");
        } else if (!network.address()) {
            lost.add("its address");
        }
        if (!network.rules()) {
            lost.add("its rules");
        }
        if (!network.forwarding()) {
            lost.add("the host's forwarding");
        }
        if (!network.names()) {
            lost.add("its name server");
        }
        return lost.isEmpty() ? "published ports" : String.join(", ", lost);
    }
}
