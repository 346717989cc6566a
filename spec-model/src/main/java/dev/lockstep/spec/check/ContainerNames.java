package dev.lockstep.spec.check;

import java.util.HashMap;

/** A container's name is given once on a host. */
final class ContainerNames {
    private ContainerNames() {}

    static void check(Findings findings) {
        var taken = new HashMap<String, String>();
        findings.project().services().forEach((name, service) -> {
            var path = Findings.service(name) + ".container_name";
            service.identity().containerName().ifPresent(container -> {
                if (service.replicas() > 1) {
                    findings.error(
                            path,
                            service.replicas() + " containers cannot share the name \"" + container
                                    + "\". Leave container_name out, or have one container");
                }
                var earlier = taken.putIfAbsent(container, path);
                if (earlier != null) {
                    findings.error(
                            path,
                            "the name \"" + container + "\" is already taken by " + findings.place(earlier)
                                    + ". Write another name, or leave it out");
                }
            });
        });
    }
}
