package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Port;
import dev.lockstep.spec.model.PortRange;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Protocol;
import dev.lockstep.spec.yaml.Problems;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;

/** A port of the host can be published once, and a service with several containers needs as many ports. */
final class PublishedPorts {
    private PublishedPorts() {}

    /** A published port and where it is asked for. */
    private record Claim(String path, Port port, PortRange range) {}

    static void check(Project project, Problems problems) {
        var claims = new EnumMap<Protocol, List<Claim>>(Protocol.class);
        project.services().forEach((name, service) -> {
            for (var i = 0; i < service.ports().size(); i++) {
                var port = service.ports().get(i);
                var path = "services." + name + ".ports[" + i + "]";
                port.published().filter(range -> range.first() > 0).ifPresent(range -> {
                    if (service.replicas() > range.size()) {
                        problems.error(
                                project.sources().at(path),
                                path,
                                service.replicas() + " containers cannot share the published port " + range
                                        + ". Publish a range of at least " + service.replicas()
                                        + " ports, or leave the host port out");
                    }
                    // Of a range any free port will do, so only fixed ports can collide for certain.
                    if (range.size() == 1) {
                        claims.computeIfAbsent(port.protocol(), p -> new ArrayList<>())
                                .add(new Claim(path, port, range));
                    }
                });
            }
        });
        claims.values().forEach(list -> collisions(project, list, problems));
    }

    private static void collisions(Project project, List<Claim> claims, Problems problems) {
        // Stable, so that claims of one port stay in file order.
        claims.sort(Comparator.comparingInt(claim -> claim.range.first()));
        for (var i = 0; i < claims.size(); i++) {
            var claim = claims.get(i);
            for (var j = i - 1; j >= 0 && claims.get(j).range.equals(claim.range); j--) {
                var earlier = claims.get(j);
                if (sameAddress(earlier.port, claim.port)) {
                    problems.error(
                            project.sources().at(claim.path),
                            claim.path,
                            "port " + claim.range + "/" + claim.port.protocol().word()
                                    + " of the host is already published by "
                                    + earlier.path + " ("
                                    + project.sources().at(earlier.path) + ")");
                    break;
                }
            }
        }
    }

    private static boolean sameAddress(Port a, Port b) {
        var one = a.hostIp().orElse("");
        var two = b.hostIp().orElse("");
        if (one.isEmpty() || two.isEmpty() || one.equals(two)) {
            return true;
        }
        var sameFamily = one.contains(":") == two.contains(":");
        return sameFamily && (isAny(one) || isAny(two));
    }

    private static boolean isAny(String address) {
        return address.equals("0.0.0.0") || address.equals("::");
    }
}
