package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.runtime.container.DeviceOptions;
import dev.lockstep.runtime.container.Effective;
import dev.lockstep.runtime.container.Isolation;
import dev.lockstep.runtime.container.LogSettings;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.NamespaceMode;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.container.SecurityOptions;
import dev.lockstep.runtime.container.StorageOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The {@code HostConfig} of {@code inspect}: everything that was asked of the host for a container, by Docker's names.
 * Limits are those that it has, and what Docker has no name for is at the end.
 */
final class HostConfigJson {
    private final JsonGenerator json;

    HostConfigJson(JsonGenerator json) {
        this.json = json;
    }

    /** The fields, into an object that somebody else began. */
    void write(ObservedContainer container, Effective made) throws IOException {
        var spec = container.record().spec();
        var options = spec.options();
        var isolation = options.isolation();
        var namespaces = isolation.namespaces();
        limits(container, made);
        json.writeObjectFieldStart("RestartPolicy");
        json.writeStringField("Name", word(spec.restart().condition()));
        json.writeNumberField("MaximumRetryCount", spec.restart().maxRetries());
        json.writeEndObject();
        json.writeStringField("UsernsMode", text(namespaces.user()));
        var ids = made.options().ids();
        if (ids.isPresent()) {
            // What its ids from 0 on are outside.
            json.writeObjectFieldStart("IdMapping");
            json.writeNumberField("HostId", ids.get().first());
            json.writeNumberField("Size", ids.get().count());
            json.writeEndObject();
        }
        json.writeStringField(
                "NetworkMode",
                namespaces
                        .network()
                        .map(NamespaceMode::toString)
                        .orElseGet(() -> spec.networks().isEmpty()
                                ? "none"
                                : spec.networks().getFirst().network()));
        InspectCommand.ports(json, "PortBindings", spec.ports());
        json.writeStringField("PidMode", text(namespaces.pid()));
        json.writeStringField(
                "IpcMode", namespaces.ipc().map(NamespaceMode::toString).orElse("private"));
        json.writeStringField("UTSMode", text(namespaces.uts()));
        // Empty: the host's with version 1 of cgroups, its own with version 2.
        json.writeStringField("CgroupnsMode", text(namespaces.cgroup()));
        json.writeStringField("CgroupParent", isolation.cgroupParent().orElse(""));
        json.writeStringField("Runtime", made.ociRuntime());
        json.writeBooleanField("Privileged", isolation.privileged());
        json.writeBooleanField("ReadonlyRootfs", isolation.readOnly());
        strings("CapAdd", capabilities(isolation.capAdd()));
        strings("CapDrop", capabilities(isolation.capDrop()));
        // As with Podman: what it has got, of these and by default.
        strings("EffectiveCaps", made.capabilities());
        strings("SecurityOpt", security(isolation, made));
        map("Sysctls", isolation.sysctls());
        json.writeBooleanField("Init", options.process().init());
        strings("GroupAdd", options.process().groups());
        json.writeArrayFieldStart("Ulimits");
        for (var limit : options.process().ulimits().entrySet()) {
            json.writeStartObject();
            json.writeStringField("Name", limit.getKey());
            json.writeNumberField("Hard", limit.getValue().hard());
            json.writeNumberField("Soft", limit.getValue().soft());
            json.writeEndObject();
        }
        json.writeEndArray();
        devices(options.devices());
        json.writeNumberField("ShmSize", made.options().shmSize());
        strings(
                "VolumesFrom",
                options.storage().volumesFrom().stream()
                        .map(HostConfigJson::from)
                        .toList());
        json.writeObjectFieldStart("StorageOpt");
        if (options.storage().size().isPresent()) {
            json.writeStringField(
                    "size", String.valueOf(options.storage().size().get()));
        }
        json.writeEndObject();
        var memory = new TreeMap<String, String>();
        for (var mount : spec.mounts()) {
            if (mount instanceof MountSpec.Tmpfs tmpfs) {
                memory.put(tmpfs.target(), memory(tmpfs));
            }
        }
        map("Tmpfs", memory);
        var naming = options.naming();
        strings(
                "ExtraHosts",
                naming.extraHosts().stream()
                        .map(host -> host.name() + ":" + host.address())
                        .toList());
        strings("Dns", naming.resolver().servers());
        strings("DnsSearch", naming.resolver().search());
        strings("DnsOptions", naming.resolver().options());
        map("Annotations", naming.annotations());
        json.writeObjectFieldStart("LogConfig");
        json.writeStringField("Type", driver(options.log().driver()));
        map("Config", logging(options.log()));
        json.writeEndObject();
    }

    private void limits(ObservedContainer container, Effective made) throws IOException {
        var limits = made.resources();
        var asked = container.record().spec().resources();
        json.writeNumberField("Memory", limits.memory().orElse(0L));
        json.writeNumberField("MemorySwap", limits.memorySwap().orElse(0L));
        json.writeNumberField("MemoryReservation", limits.memoryReservation().orElse(0L));
        if (limits.swappiness().isPresent()) {
            json.writeNumberField("MemorySwappiness", limits.swappiness().get());
        } else {
            json.writeNullField("MemorySwappiness");
        }
        json.writeBooleanField("OomKillDisable", limits.oomKillDisable());
        json.writeNumberField("OomScoreAdj", made.options().oomScoreAdj());
        json.writeNumberField("NanoCpus", asked.nanoCpus().orElse(0L));
        json.writeNumberField("CpuQuota", limits.cpuQuota().orElse(0L));
        json.writeNumberField("CpuPeriod", limits.cpuPeriod().orElse(0L));
        json.writeNumberField("CpuShares", limits.cpuShares().orElse(0L));
        json.writeStringField("CpusetCpus", limits.cpuset().orElse(""));
        json.writeNumberField("CpuRealtimePeriod", limits.realtimePeriod().orElse(0L));
        json.writeNumberField("CpuRealtimeRuntime", limits.realtimeRuntime().orElse(0L));
        json.writeNumberField("PidsLimit", limits.pids().orElse(0L));
        // By the paths that they were asked for with; the kernel has numbers.
        var disks = asked.blockIo();
        json.writeNumberField("BlkioWeight", disks.weight().orElse(0L));
        perDevice("BlkioWeightDevice", "Weight", disks.weights());
        perDevice("BlkioDeviceReadBps", "Rate", disks.readBytes());
        perDevice("BlkioDeviceWriteBps", "Rate", disks.writeBytes());
        perDevice("BlkioDeviceReadIOps", "Rate", disks.readOperations());
        perDevice("BlkioDeviceWriteIOps", "Rate", disks.writeOperations());
    }

    private void perDevice(String field, String value, Map<String, Long> devices) throws IOException {
        json.writeArrayFieldStart(field);
        for (var device : devices.entrySet()) {
            json.writeStartObject();
            json.writeStringField("Path", device.getKey());
            json.writeNumberField(value, device.getValue());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void devices(DeviceOptions devices) throws IOException {
        json.writeArrayFieldStart("Devices");
        for (var device : devices.mappings()) {
            json.writeStartObject();
            json.writeStringField("PathOnHost", device.source());
            json.writeStringField("PathInContainer", device.target());
            json.writeStringField("CgroupPermissions", device.permissions());
            json.writeEndObject();
        }
        json.writeEndArray();
        strings("DeviceCgroupRules", devices.rules());
        json.writeArrayFieldStart("DeviceRequests");
        if (!devices.cdi().isEmpty()) {
            json.writeStartObject();
            json.writeStringField("Driver", "cdi");
            strings("DeviceIDs", devices.cdi());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static List<String> capabilities(List<String> names) {
        return names.stream()
                .map(name -> name.startsWith("CAP_") ? name.substring("CAP_".length()) : name)
                .toList();
    }

    /** What holds of no-new-privileges, since a host's owner may order it; the others as they were asked for. */
    private static List<String> security(Isolation isolation, Effective made) {
        var asked = isolation.security();
        var options = new ArrayList<String>();
        if (made.options().noNewPrivileges()) {
            options.add("no-new-privileges");
        }
        asked.seccomp().ifPresent(profile -> options.add("seccomp=" + profile));
        asked.apparmor().ifPresent(profile -> options.add("apparmor=" + profile));
        asked.labels().forEach(label -> options.add("label=" + label));
        if (asked.openSystemPaths()) {
            options.add("systempaths=" + SecurityOptions.UNCONFINED);
        }
        return options;
    }

    private static String from(StorageOptions.VolumesFrom from) {
        return from.container() + (from.readOnly().orElse(false) ? ":ro" : "");
    }

    private static String memory(MountSpec.Tmpfs tmpfs) {
        var options = new ArrayList<String>();
        if (tmpfs.readOnly()) {
            options.add("ro");
        }
        tmpfs.size().ifPresent(size -> options.add("size=" + size));
        tmpfs.mode().ifPresent(mode -> options.add("mode=" + Integer.toOctalString(mode)));
        options.addAll(tmpfs.options());
        return String.join(",", options);
    }

    private static String driver(LogSettings.Driver driver) {
        return switch (driver) {
            case FILES -> "json-file";
            case JOURNALD -> "journald";
            case NONE -> "none";
        };
    }

    private static Map<String, String> logging(LogSettings log) {
        var options = new TreeMap<String, String>();
        log.fileSize().ifPresent(size -> options.put("max-size", String.valueOf(size)));
        log.files().ifPresent(files -> options.put("max-file", String.valueOf(files)));
        log.tag().ifPresent(tag -> options.put("tag", tag));
        var details = log.details();
        if (!details.labels().isEmpty()) {
            options.put("labels", String.join(",", details.labels()));
        }
        details.labelPattern().ifPresent(pattern -> options.put("labels-regex", pattern));
        if (!details.variables().isEmpty()) {
            options.put("env", String.join(",", details.variables()));
        }
        details.variablePattern().ifPresent(pattern -> options.put("env-regex", pattern));
        return options;
    }

    private static String text(Optional<NamespaceMode> mode) {
        return mode.map(NamespaceMode::toString).orElse("");
    }

    private static String word(RestartPolicy.Condition condition) {
        return condition.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private void strings(String name, List<String> values) throws IOException {
        json.writeArrayFieldStart(name);
        for (var value : values) {
            json.writeString(value);
        }
        json.writeEndArray();
    }

    private void map(String name, Map<String, String> values) throws IOException {
        json.writeObjectFieldStart(name);
        for (var value : values.entrySet()) {
            json.writeStringField(value.getKey(), value.getValue());
        }
        json.writeEndObject();
    }
}
