package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Addresses;
import java.util.Set;

/** Addresses that a container's own resolver gets. */
final class NameServers {
    private NameServers() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            var path = Findings.service(name);
            var networking = service.networking();
            for (var i = 0; i < networking.dns().size(); i++) {
                address(findings, path + ".dns[" + i + "]", networking.dns().get(i), Set.of());
            }
            networking
                    .extraHosts()
                    .forEach(host -> address(findings, path + ".extra_hosts", host.address(), Set.of("host-gateway")));
            if (!networking.extraHosts().isEmpty()
                    && networking
                            .mode()
                            .filter(mode -> mode.text().startsWith("service:"))
                            .isPresent()) {
                findings.error(
                        path + ".extra_hosts",
                        "belong to the service whose network this one shares ("
                                + findings.project().sources().at(path + ".network_mode") + "). Write them there");
            }
        });
    }

    private static void address(Findings findings, String path, String text, Set<String> words) {
        if (words.contains(text)) {
            return;
        }
        try {
            Addresses.parse(text);
        } catch (IllegalArgumentException e) {
            findings.error(path, e.getMessage() + (words.isEmpty() ? "" : ". Write an address or host-gateway"));
        }
    }
}
