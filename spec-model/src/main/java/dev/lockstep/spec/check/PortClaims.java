package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Port;
import dev.lockstep.spec.model.PortRange;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Protocol;
import dev.lockstep.spec.model.Service;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Ports of one host that are asked for, in the order in which they were written. */
final class PortClaims {
    private static final String HOST_BINDING = "com.docker.network.bridge.host_binding_ipv4";

    private final List<Claim> claims = new ArrayList<>();

    /**
     * A published port.
     *
     * @param project whose service asks
     * @param path of the port in its file
     * @param hostIp address of the host; empty: all
     */
    record Claim(Project project, String path, Port port, Optional<String> hostIp, PortRange range) {
        Protocol protocol() {
            return port.protocol();
        }

        /** Whether both cannot be had: one protocol, addresses that meet, and the same single port. */
        boolean collides(Claim other) {
            return protocol() == other.protocol() && range.equals(other.range) && meet(hostIp, other.hostIp);
        }

        private boolean isFixed() {
            return range.size() == 1;
        }

        private static boolean meet(Optional<String> a, Optional<String> b) {
            var one = a.orElse("");
            var two = b.orElse("");
            if (one.isEmpty() || two.isEmpty() || one.equals(two)) {
                return true;
            }
            var sameFamily = one.contains(":") == two.contains(":");
            return sameFamily && (isAny(one) || isAny(two));
        }

        private static boolean isAny(String address) {
            return address.equals("0.0.0.0") || address.equals("::");
        }

        String words() {
            return (isFixed() ? "port " : "every port of ") + range + "/"
                    + protocol().word();
        }

        /** {@code PATH (FILE:LINE:COLUMN)}. */
        String place() {
            return path + " (" + project.sources().at(path) + ")";
        }
    }

    /** Whether what the service publishes takes ports of the host, as far as its file tells. */
    static boolean takesHostPorts(Project project, Service service) {
        var networks = service.networking().networks().keySet().stream()
                .flatMap(key -> Optional.ofNullable(project.networks().get(key)).stream())
                .toList();
        return networks.isEmpty() || networks.stream().anyMatch(Network::takesHostPorts);
    }

    /** Where ports without an address are published, when all networks of the service say the same. */
    private static Optional<String> binding(Project project, Service service) {
        var bindings = service.networking().networks().keySet().stream()
                .map(key -> Optional.ofNullable(project.networks().get(key))
                        .flatMap(network ->
                                Optional.ofNullable(network.driverOptions().get(HOST_BINDING))))
                .distinct()
                .toList();
        return bindings.size() == 1 ? bindings.getFirst() : Optional.empty();
    }

    /** Adds what the services of a project publish at a port of their choice. */
    void add(Project project) {
        project.services().forEach((name, service) -> {
            if (!takesHostPorts(project, service)) {
                return;
            }
            var ports = service.networking().ports();
            var binding = binding(project, service);
            for (var i = 0; i < ports.size(); i++) {
                var port = ports.get(i);
                var path = Findings.service(name) + ".ports[" + i + "]";
                port.published()
                        .filter(range -> range.first() > 0)
                        .ifPresent(range -> claims.add(
                                new Claim(project, path, port, port.hostIp().or(() -> binding), range)));
            }
        });
    }

    /** A claim that cannot be met, and the one before it that has the port. */
    record Collision(Claim claim, Claim earlier) {}

    /**
     * What cannot be met for certain. Of a range any free port will do, so it collides only when others have all of it.
     */
    List<Collision> collisions() {
        var collisions = new ArrayList<Collision>();
        var fixed = new ArrayList<>(claims.stream().filter(Claim::isFixed).toList());
        // Stable, so that claims of one port stay in the order of the files.
        fixed.sort((a, b) -> Integer.compare(a.range.first(), b.range.first()));
        for (var i = 0; i < fixed.size(); i++) {
            var claim = fixed.get(i);
            for (var j = i - 1; j >= 0 && fixed.get(j).range.first() == claim.range.first(); j--) {
                if (fixed.get(j).collides(claim)) {
                    collisions.add(new Collision(claim, fixed.get(j)));
                    break;
                }
            }
        }
        var byPort = fixed.stream().collect(Collectors.groupingBy(claim -> claim.range.first()));
        claims.stream()
                .filter(claim -> !claim.isFixed() && claim.range.size() <= fixed.size())
                .forEach(claim -> wholly(claim, byPort).ifPresent(by -> collisions.add(new Collision(claim, by))));
        return collisions;
    }

    /** The holder of the first port of a range, when each of its ports has one. */
    private static Optional<Claim> wholly(Claim claim, Map<Integer, List<Claim>> fixed) {
        Optional<Claim> first = Optional.empty();
        for (var number = claim.range.first(); number <= claim.range.last(); number++) {
            var one = new Claim(claim.project, claim.path, claim.port, claim.hostIp, new PortRange(number, number));
            var holder = fixed.getOrDefault(number, List.of()).stream()
                    .filter(one::collides)
                    .findFirst();
            if (holder.isEmpty()) {
                return Optional.empty();
            }
            first = first.or(() -> holder);
        }
        return first;
    }
}
