package dev.lockstep.spec.check;

/** {@code network_mode} stands in the place of networks, and what a container has no network of its own for. */
final class NetworkModes {
    private NetworkModes() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            var path = Findings.service(name);
            if (service.networking().mode().isPresent()
                    && (findings.isWritten(path + ".networks")
                            || !service.networking().networks().isEmpty())) {
                findings.error(
                        path + ".network_mode",
                        "cannot stand beside networks" + second(findings, path) + ". Write only one of them");
            }
        });
    }

    private static String second(Findings findings, String path) {
        return findings.isWritten(path + ".networks")
                ? " (" + findings.project().sources().at(path + ".networks") + ")"
                : "";
    }
}
