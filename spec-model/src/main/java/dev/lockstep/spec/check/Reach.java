package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Service;
import java.net.Inet6Address;
import java.util.List;
import java.util.Optional;

/** What a network does not have has no effect: ports published where nothing leads in, ranges of a family it lacks. */
final class Reach {
    private Reach() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            var networks = networks(findings, service);
            if (!service.networking().ports().isEmpty()
                    && !networks.isEmpty()
                    && networks.stream().noneMatch(Network::mayPublish)) {
                findings.warning(
                        Findings.service(name) + ".ports",
                        "nothing is published, since "
                                + (networks.stream().allMatch(Network::internal)
                                        ? "all networks of the service are internal"
                                        : "no network of the service is a bridge that leads out; of macvlan and ipvlan"
                                                + " its containers are reached at their own addresses"));
            }
        });
        findings.project().networks().values().stream()
                .filter(network -> !network.external())
                .forEach(network -> ranges(findings, network));
    }

    private static List<Network> networks(Findings findings, Service service) {
        var networks = findings.project().networks();
        return service.networking().networks().keySet().stream()
                .flatMap(key -> Optional.ofNullable(networks.get(key)).stream())
                .toList();
    }

    private static void ranges(Findings findings, Network network) {
        for (var i = 0; i < network.subnets().size(); i++) {
            var path = "networks." + network.key() + ".ipam.config[" + i + "].subnet";
            network.subnets().get(i).cidr().ifPresent(range -> {
                var six = range.address() instanceof Inet6Address;
                if (six && !network.ipv6().orElse(false)) {
                    findings.warning(path, range + " has no effect without enable_ipv6: true");
                } else if (!six && !network.ipv4().orElse(true)) {
                    findings.warning(path, range + " has no effect with enable_ipv4: false");
                }
            });
        }
    }
}
