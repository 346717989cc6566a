package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Capability;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.MountOptions;
import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Written;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What makes a container as strong as the host, or nearly. It may be meant, so these are warnings. */
final class Privileges {
    private static final Set<String> STRONG =
            Set.of("ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF");
    private static final Set<String> HOST_PATHS =
            Set.of("/", "/boot", "/dev", "/etc", "/lib", "/proc", "/root", "/run", "/sys", "/usr", "/var", "/var/run");
    private static final List<String> SOCKETS =
            List.of("/docker.sock", "/podman.sock", "/containerd.sock", "/crio.sock");

    private final Findings findings;
    private final Service service;
    private final String path;

    private Privileges(Findings findings, Service service) {
        this.findings = findings;
        this.service = service;
        this.path = Findings.service(service.name());
    }

    static void check(Findings findings) {
        findings.project().services().values().forEach(service -> {
            var check = new Privileges(findings, service);
            check.rights();
            check.namespaces();
            check.mounts();
        });
    }

    private void rights() {
        var isolation = service.isolation();
        if (isolation.privileged()) {
            findings.warning(
                    path + ".privileged",
                    "nothing is kept from the container: it is as strong as root on the host. Write what it needs"
                            + " below cap_add: and devices:");
            if (!isolation.capAdd().isEmpty() || !isolation.capDrop().isEmpty()) {
                findings.warning(
                        path + (isolation.capAdd().isEmpty() ? ".cap_drop" : ".cap_add"),
                        "has no effect beside privileged: true");
            }
        }
        for (var i = 0; i < isolation.capAdd().size(); i++) {
            var name = isolation.capAdd().get(i);
            if (capability(name).filter(STRONG::contains).isPresent()) {
                findings.warning(path + ".cap_add[" + i + "]", name + " leads out of a container");
            }
        }
        for (var i = 0; i < isolation.securityOptions().size(); i++) {
            var option = isolation.securityOptions().get(i);
            if (option.endsWith("unconfined") || option.equals("label=disable") || option.equals("label:disable")) {
                findings.warning(path + ".security_opt[" + i + "]", option + " takes away a wall around the container");
            }
        }
    }

    private static Optional<String> capability(String text) {
        try {
            return Optional.of(Capability.parse(text).name());
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // another check says so
        }
    }

    private void namespaces() {
        service.networking().mode().flatMap(Written::value).ifPresent(mode -> {
            if (mode instanceof NetworkMode.Host) {
                findings.warning(path + ".network_mode", "the container sees and uses the host's own network");
                if (!service.networking().ports().isEmpty()) {
                    findings.warning(path + ".ports", "has no effect with network_mode: host");
                }
            }
        });
        var namespaces = service.isolation().namespaces();
        host("pid", namespaces.pid(), "sees and can signal the host's processes");
        host("ipc", namespaces.ipc(), "shares memory with the host's processes");
        host("uts", namespaces.uts(), "can rename the host");
    }

    private void host(String key, Optional<Written<NamespaceMode>> mode, String what) {
        if (mode.flatMap(Written::value)
                .filter(NamespaceMode.Host.class::isInstance)
                .isPresent()) {
            findings.warning(path + "." + key, "the container " + what);
        }
    }

    private void mounts() {
        var mounts = service.storage().mounts();
        for (var i = 0; i < mounts.size(); i++) {
            if (mounts.get(i) instanceof Mount.NamedVolume volume) {
                volumeLabels(path + ".volumes[" + i + "].volume.labels", volume);
            }
            if (!(mounts.get(i) instanceof Mount.Bind bind)) {
                continue;
            }
            var where = path + ".volumes[" + i + "]";
            if (SOCKETS.stream().anyMatch(bind.source()::endsWith)) {
                findings.warning(where, bind.source() + " is the socket of an engine: who has it is root on the host");
            } else if (!bind.readOnly() && HOST_PATHS.contains(bind.source())) {
                findings.warning(
                        where,
                        bind.source() + " of the host can be written to. Write :ro behind it, or a"
                                + " directory below");
            }
        }
    }

    /** As with Compose, which makes named volumes before their containers. */
    private void volumeLabels(String where, Mount.NamedVolume mount) {
        var labels = mount.options().volume().map(MountOptions.Volume::labels).orElse(Map.of());
        if (!labels.isEmpty()) {
            findings.warning(
                    where,
                    "has no effect, since the volume is made before its containers. Write it below volumes."
                            + mount.key() + ".labels");
        }
    }
}
