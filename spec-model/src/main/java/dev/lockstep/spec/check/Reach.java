package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Service;
import java.net.Inet6Address;

/** What a network does not have has no effect: ports published where nothing leads in, ranges of a family it lacks. */
final class Reach {
    private Reach() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            if (!service.networking().ports().isEmpty() && isInternal(findings, service)) {
                findings.warning(
                        Findings.service(name) + ".ports",
                        "nothing is published, since all networks of the service are internal");
            }
        });
        findings.project().networks().values().stream()
                .filter(network -> !network.external())
                .forEach(network -> ranges(findings, network));
    }

    private static boolean isInternal(Findings findings, Service service) {
        var keys = service.networking().networks().keySet();
        return !keys.isEmpty()
                && keys.stream().allMatch(key -> {
                    var network = findings.project().networks().get(key);
                    return network != null && network.internal() && !network.external();
                });
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
