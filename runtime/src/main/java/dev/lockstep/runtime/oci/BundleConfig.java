package dev.lockstep.runtime.oci;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * Writes {@code config.json} with the defaults of Docker Engine (moby, oci/defaults.go and daemon/oci_linux.go), so
 * that images that run there run here.
 */
public final class BundleConfig {
    private static final List<BundleMount> DEFAULT_MOUNTS = List.of(
            new BundleMount("/proc", "proc", "proc", List.of("nosuid", "noexec", "nodev")),
            new BundleMount("/dev", "tmpfs", "tmpfs", List.of("nosuid", "strictatime", "mode=755", "size=65536k")),
            new BundleMount(
                    "/dev/pts",
                    "devpts",
                    "devpts",
                    List.of("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5")),
            new BundleMount("/sys", "sysfs", "sysfs", List.of("nosuid", "noexec", "nodev", "ro")),
            new BundleMount("/sys/fs/cgroup", "cgroup", "cgroup", List.of("ro", "nosuid", "noexec", "nodev")),
            new BundleMount("/dev/mqueue", "mqueue", "mqueue", List.of("nosuid", "noexec", "nodev")),
            new BundleMount(
                    "/dev/shm", "tmpfs", "shm", List.of("nosuid", "noexec", "nodev", "mode=1777", "size=67108864")));

    private static final List<String> MASKED = List.of(
            "/proc/acpi",
            "/proc/asound",
            "/proc/interrupts",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/sys/devices/virtual/powercap",
            "/sys/firmware");

    /** Docker's, and what tells a kernel with CONFIG_DYNAMIC_DEBUG what to print: root needs no capability for it. */
    private static final List<String> READ_ONLY =
            List.of("/proc/bus", "/proc/dynamic_debug", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

    private record Device(String type, int major, int minor) {}

    private static final List<Device> DEVICES = List.of(
            new Device("c", 1, 3),
            new Device("c", 1, 5),
            new Device("c", 1, 7),
            new Device("c", 1, 8),
            new Device("c", 1, 9),
            new Device("c", 5, 0),
            new Device("c", 5, 1),
            new Device("c", 5, 2),
            new Device("c", 136, -1));

    private final JsonMapper json;

    /** A writer that uses that mapper. */
    public BundleConfig(JsonMapper json) {
        this.json = json;
    }

    /** The whole configuration. */
    public ObjectNode of(Bundle bundle) {
        var config = json.createObjectNode();
        config.put("ociVersion", "1.0.2");
        config.set("process", bundle.process().toJson(json));
        var root = config.putObject("root");
        root.put("path", bundle.root().toString());
        root.put("readonly", bundle.readOnly());
        bundle.hostname().ifPresent(name -> config.put("hostname", name));
        var mounts = config.putArray("mounts");
        for (var mount : mounts(bundle)) {
            var entry = mounts.addObject();
            entry.put("destination", mount.destination());
            entry.put("type", mount.type());
            entry.put("source", mount.source());
            mount.options().forEach(entry.withArray("options")::add);
        }
        var annotations = new TreeMap<>(bundle.annotations());
        annotations.forEach((name, value) -> config.withObject("/annotations").put(name, value));
        new TreeMap<>(bundle.hooks())
                .forEach((moment, hooks) -> hooks.forEach(
                        hook -> config.withObject("/hooks").withArray(moment).add(hook)));
        config.set("linux", linux(bundle));
        return config;
    }

    private static List<BundleMount> mounts(Bundle bundle) {
        var asked = bundle.mounts().stream().map(BundleMount::destination).collect(Collectors.toSet());
        return merge(bundle.mounts()).stream()
                .filter(mount ->
                        asked.contains(mount.destination()) || !bundle.without().contains(mount.destination()))
                .map(mount -> bundle.privileged()
                                && mount.destination().startsWith("/sys")
                                && !asked.contains(mount.destination())
                        ? mount.withoutOption("ro")
                        : mount)
                .toList();
    }

    private ObjectNode linux(Bundle bundle) {
        var linux = json.createObjectNode();
        linux.put("cgroupsPath", bundle.cgroup());
        var namespaces = linux.putArray("namespaces");
        namespaces.addObject().put("type", "mount");
        for (var namespace : bundle.namespaces()) {
            var entry = namespaces.addObject().put("type", namespace.type());
            namespace.path().ifPresent(path -> entry.put("path", path.toString()));
        }
        bundle.ids().ifPresent(ids -> {
            for (var kind : List.of("uidMappings", "gidMappings")) {
                linux.putArray(kind)
                        .addObject()
                        .put("containerID", 0)
                        .put("hostID", ids.first())
                        .put("size", ids.count());
            }
        });
        new TreeMap<>(bundle.sysctls())
                .forEach((name, value) -> linux.withObject("/sysctl").put(name, value));
        var resources = bundle.resources().deepCopy();
        resources.set("devices", rules(bundle.devices()));
        linux.set("resources", resources);
        for (var node : bundle.devices().nodes()) {
            linux.withArray("devices")
                    .addObject()
                    .put("path", node.path())
                    .put("type", node.letter())
                    .put("major", node.number().major())
                    .put("minor", node.number().minor())
                    .put("fileMode", node.mode())
                    .put("uid", node.uid())
                    .put("gid", node.gid());
        }
        bundle.seccomp().ifPresent(profile -> linux.set("seccomp", profile));
        bundle.rootPropagation().ifPresent(propagation -> linux.put("rootfsPropagation", propagation));
        bundle.mountLabel().ifPresent(label -> linux.put("mountLabel", label));
        if (!bundle.privileged() && !bundle.openSystemPaths()) {
            var masked = linux.putArray("maskedPaths");
            MASKED.forEach(masked::add);
            // Temperatures of the host's processors tell a container what its neighbours do (moby 28.2).
            thermalThrottles().forEach(masked::add);
            var readOnly = linux.putArray("readonlyPaths");
            READ_ONLY.forEach(readOnly::add);
        }
        return linux;
    }

    private static List<String> thermalThrottles() {
        var processors = Path.of("/sys/devices/system/cpu");
        try (var entries = Files.newDirectoryStream(processors, "cpu[0-9]*")) {
            return StreamSupport.stream(entries.spliterator(), false)
                    .map(processor -> processor.resolve("thermal_throttle"))
                    .filter(Files::exists)
                    .map(Path::toString)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private ArrayNode rules(BundleDevices more) {
        var rules = json.createArrayNode();
        rules.addObject().put("allow", false).put("access", "rwm");
        rules.addObject().put("allow", true).put("type", "c").put("access", "m");
        rules.addObject().put("allow", true).put("type", "b").put("access", "m");
        for (var device : DEVICES) {
            var rule = rules.addObject()
                    .put("allow", true)
                    .put("type", device.type())
                    .put("major", device.major());
            if (device.minor() >= 0) {
                rule.put("minor", device.minor());
            }
            rule.put("access", "rwm");
        }
        // tun and fuse are not for everybody. Not "m": version 1 of cgroups cannot take a single device out of the
        // wildcard above. runc 1.1 puts its own list, with tun, behind ours; whoever starts the container knows.
        for (var minor : List.of(200, 229)) {
            rules.addObject()
                    .put("allow", false)
                    .put("type", "c")
                    .put("major", 10)
                    .put("minor", minor)
                    .put("access", "rw");
        }
        for (var asked : more.rules()) {
            var rule = rules.addObject().put("allow", true).put("type", asked.type());
            if (asked.major() >= 0) {
                rule.put("major", asked.major());
            }
            if (asked.minor() >= 0) {
                rule.put("minor", asked.minor());
            }
            rule.put("access", asked.access());
        }
        return rules;
    }

    /** Parents first. What is asked for replaces a default at the same place, and below it where that is /dev. */
    static List<BundleMount> merge(List<BundleMount> asked) {
        var merged = new LinkedHashMap<String, BundleMount>();
        var ownDev = asked.stream().anyMatch(m -> m.destination().equals("/dev"));
        for (var mount : DEFAULT_MOUNTS) {
            if (!(ownDev && mount.destination().startsWith("/dev/"))) {
                merged.put(mount.destination(), mount);
            }
        }
        asked.forEach(mount -> merged.put(mount.destination(), mount));
        var sorted = new ArrayList<>(merged.values());
        sorted.sort(Comparator.comparingLong(
                m -> m.destination().chars().filter(c -> c == '/').count()));
        return sorted;
    }
}
