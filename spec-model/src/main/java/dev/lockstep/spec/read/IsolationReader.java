package dev.lockstep.spec.read;

import dev.lockstep.spec.model.DeviceRule;
import dev.lockstep.spec.model.Devices;
import dev.lockstep.spec.model.Isolation;
import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.Namespaces;
import dev.lockstep.spec.model.Written;

/** Reads what a service's containers may do, what they share with others, and which devices they see. */
final class IsolationReader {
    private final NestedReaders nested;

    IsolationReader(NestedReaders nested) {
        this.nested = nested;
    }

    Isolation read(Attributes service) {
        return new Isolation(
                service.flag("privileged"),
                service.flag("read_only"),
                service.texts("cap_add"),
                service.texts("cap_drop"),
                service.texts("security_opt"),
                new Namespaces(
                        service.written("pid", NamespaceMode::parse),
                        service.written("ipc", NamespaceMode::parse),
                        service.written("uts", NamespaceMode::parse),
                        service.written("userns_mode", NamespaceMode::parse),
                        service.parsed("cgroup", IsolationReader::cgroup)),
                service.text("cgroup_parent"),
                service.text("runtime"),
                service.text("isolation"),
                service.keyValues("sysctls"),
                nested.settings().credentialSpec(service.fields()),
                service.flag("use_api_socket"));
    }

    private static NamespaceMode cgroup(String text) {
        return switch (text) {
            case "host" -> new NamespaceMode.Host();
            case "private" -> new NamespaceMode.Private();
            default ->
                throw new IllegalArgumentException("\"" + text + "\" is no cgroup namespace. Write host or private");
        };
    }

    Devices devices(Attributes service) {
        return new Devices(
                nested.devices().devices(service.fields()),
                service.texts("device_cgroup_rules", text -> Written.of(text, DeviceRule::new)),
                nested.devices().gpus(service.fields()));
    }
}
