package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NftablesException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which port of a bridge may send from which addresses, and whom containers would answer past the host. The network
 * lock is held.
 */
final class Sources {
    private static final Logger log = LoggerFactory.getLogger(Sources.class);

    private final NetworkFiles files;
    private final Firewall firewall;
    private final Bridges bridges;

    Sources(NetworkFiles files, Firewall firewall, Bridges bridges) {
        this.files = files;
        this.firewall = firewall;
        this.bridges = bridges;
    }

    /** From the ends that a container had to those that it has; its file says so already, or is deleted next. */
    void follow(String container, List<Endpoint> before, List<Endpoint> after) throws IOException {
        var old = before.stream()
                .filter(Endpoint::isOnBridge)
                .map(FrameRules.End::of)
                .toList();
        var young = after.stream()
                .filter(Endpoint::isOnBridge)
                .map(FrameRules.End::of)
                .toList();
        var gone = old.stream().filter(e -> !young.contains(e)).toList();
        var added = young.stream().filter(e -> !old.contains(e)).toList();
        var besideBefore = beside(before);
        var besideAfter = beside(after);
        try {
            if (!gone.isEmpty() || !added.isEmpty()) {
                firewall.changeEnds(gone, young, alike(container, gone));
            }
            if (!besideBefore.equals(besideAfter)) {
                firewall.changeBeside(
                        besideBefore.stream()
                                .filter(b -> !besideAfter.contains(b))
                                .toList(),
                        besideAfter.stream()
                                .filter(b -> !besideBefore.contains(b))
                                .toList());
            }
        } catch (NftablesException e) {
            // Somebody changed the table: make it what the records say.
            log.warn("rules differ from the records, loading them anew cause={}", e.getMessage());
            bridges.putBackRules();
        }
    }

    private List<Beside> beside(List<Endpoint> endpoints) throws IOException {
        if (endpoints.stream().filter(Endpoint::isOnBridge).count() < 2) {
            return List.of();
        }
        var networks = new ArrayList<NetworkRecord>();
        for (var endpoint : endpoints) {
            files.network(endpoint.network()).ifPresent(networks::add);
        }
        return Beside.of(endpoints, networks);
    }

    /** Ends of other containers that have one of these hardware addresses, as they may on other networks. */
    private List<FrameRules.End> alike(String container, List<FrameRules.End> gone) throws IOException {
        var alike = new ArrayList<FrameRules.End>();
        for (var end : gone) {
            for (var other : files.attachmentsWith(end.mac())) {
                if (!other.leaving() && !other.request().container().equals(container)) {
                    other.endpoints().stream()
                            .filter(e -> e.isOnBridge() && e.mac().equals(end.mac()))
                            .map(FrameRules.End::of)
                            .forEach(alike::add);
                }
            }
        }
        return alike;
    }
}
