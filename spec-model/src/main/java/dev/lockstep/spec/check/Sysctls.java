package dev.lockstep.spec.check;

import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Written;
import java.util.Set;

/**
 * A container can set only what its own namespaces have; everything else is the host's (sysctl(8), namespaces(7)). A
 * namespace that it shares is not its own.
 */
final class Sysctls {
    private static final Set<String> IPC = Set.of(
            "kernel.msgmax",
            "kernel.msgmnb",
            "kernel.msgmni",
            "kernel.sem",
            "kernel.shmall",
            "kernel.shmmax",
            "kernel.shmmni",
            "kernel.shm_rmid_forced");

    private Sysctls() {}

    static void check(Findings findings) {
        findings.project()
                .services()
                .values()
                .forEach(service ->
                        service.isolation().sysctls().keySet().forEach(name -> check(findings, service, name)));
    }

    private static void check(Findings findings, Service service, String written) {
        var path = Findings.service(service.name()) + ".sysctls." + written;
        var name = written.replace('/', '.');
        if (!name.matches("[a-zA-Z0-9_-]+(?:\\.[a-zA-Z0-9_-]+)+")) {
            findings.error(
                    path, "\"" + written + "\" is not the name of a sysctl. Write for example net.core.somaxconn");
        } else if (name.startsWith("net.")) {
            service.networking().mode().flatMap(Written::value).ifPresent(mode -> {
                if (mode instanceof NetworkMode.Host
                        || mode instanceof NetworkMode.OfService
                        || mode instanceof NetworkMode.OfContainer) {
                    shared(findings, path, Findings.service(service.name()) + ".network_mode");
                }
            });
        } else if (name.startsWith("fs.mqueue.") || IPC.contains(name)) {
            service.isolation().namespaces().ipc().flatMap(Written::value).ifPresent(mode -> {
                if (mode instanceof NamespaceMode.Host
                        || mode instanceof NamespaceMode.OfService
                        || mode instanceof NamespaceMode.OfContainer) {
                    shared(findings, path, Findings.service(service.name()) + ".ipc");
                }
            });
        } else if (name.equals("kernel.domainname") || name.equals("kernel.hostname")) {
            findings.error(path, "is set by hostname: and domainname:. Write it there");
        } else {
            findings.error(
                    path,
                    "belongs to the whole host, and no container can set it. Set it on the host, or leave it out");
        }
    }

    private static void shared(Findings findings, String path, String mode) {
        findings.error(
                path, "belongs to a namespace that the service shares: " + findings.place(mode) + ". Leave it out");
    }
}
