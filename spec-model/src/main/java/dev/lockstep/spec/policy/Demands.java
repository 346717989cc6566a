package dev.lockstep.spec.policy;

import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Capability;
import dev.lockstep.spec.model.Cidr;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.DeviceRequest;
import dev.lockstep.spec.model.Hook;
import dev.lockstep.spec.model.Limits;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.MountOptions;
import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.NetworkMode;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.ProjectExtension;
import dev.lockstep.spec.model.Propagation;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Volume;
import dev.lockstep.spec.model.VolumesFrom;
import dev.lockstep.spec.model.Written;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What a project asks of its host beyond what every container gets. What stands in several places is asked for in each;
 * whatever leads to the same thing by another way (a volume that is a directory of the host, a hook with more rights
 * than its container) is the same demand.
 */
public final class Demands {
    /** What Docker gives every container, container/daemon defaults. */
    public static final Set<String> CAPABILITIES = Set.of(
            "CHOWN",
            "DAC_OVERRIDE",
            "FSETID",
            "FOWNER",
            "MKNOD",
            "NET_RAW",
            "SETGID",
            "SETUID",
            "SETFCAP",
            "SETPCAP",
            "NET_BIND_SERVICE",
            "SYS_CHROOT",
            "KILL",
            "AUDIT_WRITE");

    /** Instead of a number of processes. */
    static final String UNLIMITED = "unlimited";

    /** What every container has unless a policy orders the wall. */
    private static final String NEW_PRIVILEGES = Orders.NO_NEW_PRIVILEGES + "=false";

    /** Options that take no wall away: they add one, or say what is so anyway. */
    private static final Set<String> WALLS = Set.of("no-new-privileges", "mask", "proc-opts");

    private static final Set<String> DEFAULT_WALLS = Set.of("seccomp=builtin", "apparmor=docker-default");

    /** What containers are started with where nothing is written. */
    private static final Set<String> RUNTIMES = Set.of("crun", "runc", "io.containerd.runc.v2");

    /** In memory; not {@code ramfs}, which nothing limits, and whose pages never go, tmpfs(5). */
    private static final String MEMORY = "tmpfs";

    /** Whose sources are {@code //SERVER/SHARE}. */
    private static final Set<String> SHARES = Set.of("cifs", "smb3");

    /** Whose sources are {@code POOL/DATASET}. */
    private static final String POOLS = "zfs";

    /**
     * Where clouds tell a host what it is to run and who may log in, in plain text: link-local; Alibaba, Azure; AWS,
     * Google, Scaleway. What is on a bridge is asked there by the host, too, and could answer.
     */
    private static final List<Cidr> METADATA = Stream.of(
                    "169.254.0.0/16",
                    "100.100.100.200/32",
                    "168.63.129.16/32",
                    "fd00:ec2::254/128",
                    "fd20:ce::254/128",
                    "fd00:42::42/128")
            .map(Cidr::parse)
            .toList();

    private static final String ENDPOINT_SYSCTLS = "com.docker.network.endpoint.sysctls";

    private static final String HOST_BINDING = "com.docker.network.bridge.host_binding_ipv4";

    private final Project project;
    private final boolean ownUsers;
    private final Predicate<String> isSocket;
    private final List<Demand> demands = new ArrayList<>();

    private Demands(Project project, boolean ownUsers, Predicate<String> isSocket) {
        this.project = project;
        this.ownUsers = ownUsers;
        this.isSocket = isSocket;
    }

    /**
     * Everything that is asked for, in the order of the project.
     *
     * @param ownUsers whether containers have users of their own where the files do not say it: only then it is
     *     something to ask for the host's
     * @param isSocket whether an absolute path of the host is a socket, as far as anybody knows
     */
    public static List<Demand> of(Project project, boolean ownUsers, Predicate<String> isSocket) {
        var demands = new Demands(project, ownUsers, isSocket);
        project.services().values().forEach(demands::service);
        project.volumes().values().forEach(demands::volume);
        project.networks().values().forEach(demands::network);
        if (ownUsers
                && project.extension()
                        .flatMap(ProjectExtension::users)
                        .filter(NamespaceMode.Host.class::isInstance)
                        .isPresent()) {
            demands.add(Subject.HOST_NAMESPACES, "user", "x-lockstep.userns");
        }
        return List.copyOf(demands.demands);
    }

    private void add(Subject subject, String value, String path) {
        demands.add(new Demand(subject, value, path));
    }

    private void service(Service service) {
        var path = "services." + service.name() + ".";
        rights(path, service);
        namespaces(path, service);
        mounts(path, service);
        devices(path, service);
        resources(path, service);
        ports(path, service);
    }

    private void rights(String path, Service service) {
        var isolation = service.isolation();
        if (isolation.privileged()) {
            add(Subject.PRIVILEGED, "true", path + "privileged");
        }
        hooks(path + "pre_start", service.lifecycle().hooks().preStart());
        hooks(path + "post_start", service.lifecycle().hooks().postStart());
        hooks(path + "pre_stop", service.lifecycle().hooks().preStop());
        for (var i = 0; i < isolation.capAdd().size(); i++) {
            add(Subject.CAPABILITIES, capability(isolation.capAdd().get(i)), path + "cap_add[" + i + "]");
        }
        for (var i = 0; i < isolation.securityOptions().size(); i++) {
            var option = Allowance.securityOption(isolation.securityOptions().get(i));
            var equals = option.indexOf('=');
            if (option.equals(NEW_PRIVILEGES)
                    || !WALLS.contains(equals < 0 ? option : option.substring(0, equals))
                            && !DEFAULT_WALLS.contains(option)) {
                add(Subject.SECURITY_OPTIONS, option, path + "security_opt[" + i + "]");
            }
        }
        isolation
                .runtime()
                .filter(runtime -> !RUNTIMES.contains(runtime))
                .ifPresent(runtime -> add(Subject.RUNTIMES, runtime, path + "runtime"));
        isolation
                .sysctls()
                .keySet()
                .forEach(name -> add(Subject.SYSCTLS, name.replace('/', '.'), path + "sysctls." + name));
        service.networking()
                .networks()
                .forEach((key, attachment) -> Optional.ofNullable(
                                attachment.driverOptions().get(ENDPOINT_SYSCTLS))
                        .ifPresent(settings -> ofInterface(settings, path + "networks." + key + ".driver_opts")));
        service.identity()
                .annotations()
                .keySet()
                .forEach(name -> add(Subject.ANNOTATIONS, name, path + "annotations." + name));
    }

    /** {@code net.ipv4.conf.IFNAME.log_martians=1,…}: settings that the container's end of a network gets. */
    private void ofInterface(String settings, String path) {
        for (var setting : settings.split(",", -1)) {
            var equals = setting.indexOf('=');
            add(Subject.SYSCTLS, equals < 0 ? setting : setting.substring(0, equals), path + "." + ENDPOINT_SYSCTLS);
        }
    }

    private void hooks(String path, List<Hook> hooks) {
        for (var i = 0; i < hooks.size(); i++) {
            if (hooks.get(i).privileged()) {
                add(Subject.PRIVILEGED, "true", path + "[" + i + "].privileged");
            }
        }
    }

    private static String capability(String text) {
        try {
            return Capability.parse(text).name();
        } catch (IllegalArgumentException e) {
            return text; // which the checks refuse
        }
    }

    private void namespaces(String path, Service service) {
        service.networking().mode().flatMap(Written::value).ifPresent(mode -> {
            switch (mode) {
                case NetworkMode.Host _ -> add(Subject.HOST_NAMESPACES, "network", path + "network_mode");
                case NetworkMode.OfContainer(var container) -> container(container, path + "network_mode");
                case NetworkMode.None _, NetworkMode.Bridge _, NetworkMode.OfService _ -> {}
            }
        });
        var namespaces = service.isolation().namespaces();
        namespace("pid", path + "pid", namespaces.pid().flatMap(Written::value));
        namespace("ipc", path + "ipc", namespaces.ipc().flatMap(Written::value));
        namespace("uts", path + "uts", namespaces.uts().flatMap(Written::value));
        namespace("cgroup", path + "cgroup", namespaces.cgroup());
        var users = namespaces.user().flatMap(Written::value);
        if (ownUsers
                || users.filter(NamespaceMode.OfContainer.class::isInstance).isPresent()) {
            namespace("user", path + "userns_mode", users);
        }
    }

    private void namespace(String name, String path, Optional<NamespaceMode> mode) {
        mode.ifPresent(asked -> {
            switch (asked) {
                case NamespaceMode.Host _ -> add(Subject.HOST_NAMESPACES, name, path);
                case NamespaceMode.OfContainer(var container) -> container(container, path);
                case NamespaceMode.Private _,
                        NamespaceMode.Shareable _,
                        NamespaceMode.None _,
                        NamespaceMode.OfService _ -> {}
            }
        });
    }

    /** A container of another stack may have more than this one may ask for. */
    private void container(String name, String path) {
        var own = project.services().values().stream()
                .anyMatch(service -> service.identity()
                        .containerName()
                        .map(name::equals)
                        .orElseGet(() -> name.matches(
                                java.util.regex.Pattern.quote(project.name() + "-" + service.name()) + "-\\d+")));
        if (!own) {
            add(Subject.EXTERNAL, "container:" + name, path);
        }
    }

    private void mounts(String path, Service service) {
        var storage = service.storage();
        for (var i = 0; i < storage.mounts().size(); i++) {
            if (storage.mounts().get(i) instanceof Mount.Bind bind) {
                var at = path + "volumes[" + i + "]";
                if (bind.source().startsWith("/")) {
                    source(bind.source(), bind.readOnly() && !isWritableBelow(bind), at);
                }
                // What is mounted inside appears on the host as well, mount_namespaces(7).
                if (bind.propagation()
                        .filter(p -> p == Propagation.SHARED || p == Propagation.RSHARED)
                        .isPresent()) {
                    add(Subject.HOST_NAMESPACES, "mount", at);
                }
            }
        }
        for (var i = 0; i < storage.volumesFrom().size(); i++) {
            if (storage.volumesFrom().get(i) instanceof VolumesFrom.OfContainer(var container, var _)) {
                container(container, path + "volumes_from[" + i + "]");
            }
        }
    }

    /** Whether what is mounted below it can be written to also where it is read-only itself, such as /proc below /. */
    private static boolean isWritableBelow(Mount.Bind bind) {
        return bind.options()
                .bind()
                .flatMap(MountOptions.Bind::recursive)
                .filter("writable"::equals)
                .isPresent();
    }

    private void source(String source, boolean readOnly, String path) {
        var normal = Path.of(source).normalize().toString();
        demands.add(
                isSocket.test(normal)
                        ? new Demand(Subject.SOCKETS, normal, path)
                        : new Demand(Subject.BIND_SOURCES, normal, readOnly, path));
    }

    private void devices(String path, Service service) {
        var devices = service.devices();
        for (var i = 0; i < devices.mappings().size(); i++) {
            var source = devices.mappings().get(i).source();
            add(
                    Subject.DEVICES,
                    source.startsWith("/") ? Path.of(source).normalize().toString() : source,
                    path + "devices[" + i + "]");
        }
        for (var i = 0; i < devices.cgroupRules().size(); i++) {
            add(Subject.DEVICES, devices.cgroupRules().get(i).text(), path + "device_cgroup_rules[" + i + "]");
        }
        requests(path + "gpus", devices.gpus());
        requests(
                path + "deploy.resources.reservations.devices",
                service.lifecycle()
                        .deploy()
                        .flatMap(Deploy::reservations)
                        .map(Deploy.Reservations::devices)
                        .orElse(List.of()));
    }

    private void requests(String path, List<DeviceRequest> requests) {
        for (var i = 0; i < requests.size(); i++) {
            try {
                for (var name : requests.get(i).names()) {
                    add(Subject.DEVICES, name, path + "[" + i + "]");
                }
            } catch (IllegalArgumentException e) {
                // Nothing is given for it: who translates it says so.
            }
        }
    }

    /** Whether every container has it: it is only asked for where a policy orders otherwise. */
    static boolean isOrdinary(Demand demand) {
        return demand.subject() == Subject.CAPABILITIES && CAPABILITIES.contains(demand.value())
                || demand.subject() == Subject.SECURITY_OPTIONS
                        && demand.value().equals(NEW_PRIVILEGES);
    }

    private void resources(String path, Service service) {
        // Zero is no limit of its own, and none is asked for.
        service.resources()
                .pids()
                .filter(pids -> pids != 0)
                .ifPresent(pids -> add(
                        Subject.PIDS,
                        pids < 0 ? UNLIMITED : pids.toString(),
                        path + (service.limits().pids().isPresent() ? "pids_limit" : "deploy.resources.limits.pids")));
        service.isolation()
                .cgroupParent()
                .ifPresent(_ -> add(Subject.HOST_RESOURCES, "cgroup-parent", path + "cgroup_parent"));
        Limits.Memory memory = service.limits().memory();
        if (memory.oomKillDisable()) {
            add(Subject.HOST_RESOURCES, "oom", path + "oom_kill_disable");
        }
        memory.oomScoreAdjustment()
                .filter(score -> score < 0)
                .ifPresent(_ -> add(Subject.HOST_RESOURCES, "oom", path + "oom_score_adj"));
        var cpu = service.limits().cpu();
        cpu.realtimeRuntime().ifPresent(_ -> add(Subject.HOST_RESOURCES, "realtime", path + "cpu_rt_runtime"));
        cpu.realtimePeriod().ifPresent(_ -> add(Subject.HOST_RESOURCES, "realtime", path + "cpu_rt_period"));
        // With it every process may have itself scheduled before all others, and no limit of CPUs holds for it then.
        Optional.ofNullable(service.limits().ulimits().get("rtprio"))
                .filter(limit -> limit.soft() != 0 || limit.hard() != 0)
                .ifPresent(_ -> add(Subject.HOST_RESOURCES, "realtime", path + "ulimits.rtprio"));
    }

    private void ports(String path, Service service) {
        for (var i = 0; i < service.networking().ports().size(); i++) {
            var at = path + "ports[" + i + "]";
            var asked = service.networking().ports().get(i).hostIp();
            if (asked.isPresent()) {
                address(asked.get(), at);
                continue;
            }
            var networks = service.networking().networks().keySet().stream()
                    .flatMap(key -> Optional.ofNullable(project.networks().get(key)).stream())
                    .toList();
            var bound = networks.stream()
                    .flatMap(network ->
                            Optional.ofNullable(network.driverOptions().get(HOST_BINDING)).stream())
                    .toList();
            (bound.isEmpty() ? List.of("0.0.0.0") : bound).forEach(address -> address(address, at));
            if (networks.stream().anyMatch(network -> network.ipv6().orElse(false))) {
                address("::", at);
            }
        }
    }

    private void address(String text, String path) {
        try {
            add(Subject.PUBLISHED_ADDRESSES, Addresses.normalized(text), path);
        } catch (IllegalArgumentException e) {
            // No address at all: the checks refuse it.
        }
    }

    /** What a volume is when it is no directory of the engine's: the words are those of mount(8). */
    private void volume(Volume volume) {
        var path = "volumes." + volume.key();
        if (volume.external()) {
            add(Subject.EXTERNAL, "volume:" + volume.name(), path);
            return;
        }
        var type = volume.driverOptions().getOrDefault("type", "");
        var device = volume.driverOptions().getOrDefault("device", "");
        var words = List.of(volume.driverOptions().getOrDefault("o", "").split(",", -1));
        if (words.contains("bind") || words.contains("rbind")) {
            // Whatever its type is: for a bind mount the kernel does not look at it.
            if (device.startsWith("/")) {
                source(device, isReadOnly(words), path + ".driver_opts.device");
            } else if (!volume.bindsDirectory()) {
                // Relative to nothing that anybody means.
                add(Subject.BIND_SOURCES, device, path + ".driver_opts.device");
            }
            if (words.contains("shared") || words.contains("rshared")) {
                add(Subject.HOST_NAMESPACES, "mount", path + ".driver_opts.o");
            }
        } else if (!type.isEmpty() && !type.equals(MEMORY)) {
            add(Subject.VOLUME_TYPES, type, path + ".driver_opts.type");
            file(type, device).ifPresent(file -> add(Subject.DEVICES, file, path + ".driver_opts.device"));
        }
    }

    /**
     * The file of the host that a file system is on; empty where what stands there is anything else. The kernel takes
     * {@code //dev/sda1} for what it is, and {@code dev/sda1} from the agent's directory on, which is the root.
     */
    private static Optional<String> file(String type, String device) {
        var slash = device.indexOf('/');
        var other = slash < 0
                // A server, then a path of it.
                || device.substring(0, slash).contains(":")
                || SHARES.contains(type) && device.startsWith("//")
                || type.equals(POOLS) && slash > 0;
        return other
                ? Optional.empty()
                : Optional.of(Path.of("/").resolve(device).normalize().toString());
    }

    /** Of two words that contradict each other the later one holds; what is mounted below stays as it is. */
    private static boolean isReadOnly(List<String> words) {
        return words.lastIndexOf("ro") > words.lastIndexOf("rw") && !words.contains("rbind");
    }

    private void network(Network network) {
        var path = "networks." + network.key();
        if (network.external()) {
            add(Subject.EXTERNAL, "network:" + network.name(), path);
            return;
        }
        if (network.driver()
                .filter(d -> d.equals("macvlan") || d.equals("ipvlan"))
                .isPresent()) {
            Optional.ofNullable(network.driverOptions().get("parent"))
                    .ifPresent(parent -> add(Subject.NETWORK_PARENTS, parent, path + ".driver_opts.parent"));
            return;
        }
        for (var i = 0; i < network.subnets().size(); i++) {
            var at = path + ".ipam.config[" + i + "].subnet";
            network.subnets()
                    .get(i)
                    .cidr()
                    .filter(range -> METADATA.stream().anyMatch(range::overlaps))
                    .ifPresent(_ -> add(Subject.HOST_RESOURCES, "metadata", at));
        }
    }
}
