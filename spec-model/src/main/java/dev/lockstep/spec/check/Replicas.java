package dev.lockstep.spec.check;

/** What only one container can have. Ports, addresses and names are checked where they are. */
final class Replicas {
    private Replicas() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            if (service.replicas() < 2) {
                return;
            }
            var path = Findings.service(name);
            if (service.networking().macAddress().isPresent()) {
                one(findings, path + ".mac_address", service.replicas(), "MAC address");
            }
            service.networking().networks().forEach((key, attachment) -> {
                if (attachment.macAddress().isPresent()) {
                    one(findings, path + ".networks." + key + ".mac_address", service.replicas(), "MAC address");
                }
                if (!attachment.linkLocalAddresses().isEmpty()) {
                    one(findings, path + ".networks." + key + ".link_local_ips", service.replicas(), "address");
                }
            });
        });
    }

    private static void one(Findings findings, String path, int replicas, String what) {
        findings.error(
                path, replicas + " containers cannot share one " + what + ". Leave it out, or have one container");
    }
}
