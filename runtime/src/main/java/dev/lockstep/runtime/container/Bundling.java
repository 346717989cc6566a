package dev.lockstep.runtime.container;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.oci.Bundle;
import dev.lockstep.runtime.oci.BundleDevices;
import dev.lockstep.runtime.oci.BundleMount;
import dev.lockstep.runtime.oci.BundleNamespace;
import dev.lockstep.runtime.oci.CdiEdits;
import dev.lockstep.runtime.oci.HostDevices;
import dev.lockstep.runtime.oci.ProcessSpec;
import dev.lockstep.runtime.oci.SeccompProfile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Puts a container's bundle together: from what it became, and from what host and other containers are right now. */
final class Bundling {
    private static final String SHM = "/dev/shm";

    /** Lets every user bind low ports and ping, inside: the namespace is the container's own. */
    private static final Map<String, String> NETWORK_SYSCTLS =
            Map.of("net.ipv4.ip_unprivileged_port_start", "0", "net.ipv4.ping_group_range", "0 2147483647");

    private static final String PING = "net.ipv4.ping_group_range";

    private final ContainerRooms rooms;
    private final Host host;

    Bundling(ContainerRooms rooms, Host host) {
        this.rooms = rooms;
        this.host = host;
    }

    /**
     * The bundle of one start.
     *
     * @param users its own, where it has some
     * @param mounts what is mounted beside the defaults
     * @param cdi what its devices make of it
     * @throws ContainerException with a sentence, when this host cannot have the container
     */
    Bundle of(
            ContainerRecord record,
            ContainerFiles files,
            Optional<Attached> attached,
            Joined joined,
            Optional<UserNamespace> users,
            List<BundleMount> mounts,
            ProcessSpec process,
            CdiEdits cdi)
            throws IOException {
        var spec = record.spec();
        var isolation = spec.options().isolation();
        var namespaces = isolation.namespaces();
        var effective = record.made();
        var cgroup = host.cgroups().at(files.cgroup(spec));
        try {
            var all = new ArrayList<>(mounts);
            sharedMemory(record, files, joined).ifPresent(all::add);
            all.addAll(cdi.mounts());
            var labels = SelinuxLabels.of(record, files);
            return new Bundle(
                    process,
                    files.rootfs(),
                    isolation.readOnly(),
                    Namespaces.isShared(namespaces.uts()) ? Optional.empty() : Optional.of(effective.hostname()),
                    cgroup.toString(),
                    namespaces(namespaces, attached, joined, users),
                    users.map(UserNamespace::ids),
                    all,
                    // Without memory to share, or with somebody else's, it has no own one.
                    namespaces
                                    .ipc()
                                    .filter(NamespaceMode.None.class::isInstance)
                                    .isPresent()
                            ? Set.of(SHM)
                            : Set.of(),
                    sysctls(spec, users.isPresent()).entrySet().stream()
                            .filter(sysctl -> users.isEmpty() || !UserNamespace.isHostRoots(sysctl.getKey()))
                            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)),
                    LimitFiles.toOci(
                            effective.resources(),
                            host.cgroups().isUnified(),
                            hasWeights(),
                            rooms.root().json()),
                    devices(spec, cdi),
                    seccomp(isolation, effective.capabilities()),
                    isolation.privileged(),
                    isolation.security().openSystemPaths(),
                    spec.options().naming().annotations(),
                    propagation(spec, effective),
                    labels.map(SelinuxLabels::mount),
                    cdi.hooks());
        } catch (IllegalArgumentException e) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID, "container " + spec.name() + ": " + e.getMessage() + ".", e);
        }
    }

    /** Whether the disk scheduler of this kernel knows weights; asked of a cgroup that is there by now. */
    private boolean hasWeights() throws IOException {
        var supervisors = host.cgroups().at(ContainerFiles.supervisorCgroup(rooms.root()));
        return BlockIoFiles.weightFile(supervisors).isPresent();
    }

    private List<BundleNamespace> namespaces(
            Namespaces asked, Optional<Attached> attached, Joined joined, Optional<UserNamespace> users) {
        var all = new ArrayList<BundleNamespace>();
        users.ifPresent(own -> all.add(new BundleNamespace(Joined.USER, Optional.of(own.pin()))));
        for (var entry : Map.of("uts", asked.uts(), "pid", asked.pid(), "ipc", asked.ipc())
                .entrySet()) {
            if (!Namespaces.isHost(entry.getValue())) {
                all.add(new BundleNamespace(
                        entry.getKey(), Optional.ofNullable(joined.namespaces().get(entry.getKey()))));
            }
        }
        if (!Namespaces.isHost(asked.network())) {
            all.add(new BundleNamespace(
                    "network",
                    attached.map(Attached::namespace)
                            .or(() -> Optional.ofNullable(joined.namespaces().get("network")))));
        }
        var ownCgroups = asked.cgroup()
                .map(mode -> mode instanceof NamespaceMode.Own)
                .orElse(host.cgroups().isUnified());
        if (ownCgroups) {
            all.add(BundleNamespace.created("cgroup"));
        }
        all.sort(Comparator.comparing(BundleNamespace::type));
        return all;
    }

    /** /dev/shm where it is not simply memory of its own; a mount that was asked for there counts before. */
    private static Optional<BundleMount> sharedMemory(ContainerRecord record, ContainerFiles files, Joined joined) {
        var ipc = record.spec().options().isolation().namespaces().ipc().orElse(new NamespaceMode.Own());
        if (record.spec().mounts().stream().anyMatch(mount -> mount.target().equals(SHM))) {
            return Optional.empty();
        }
        return switch (ipc) {
            case NamespaceMode.None _ -> Optional.empty();
            case NamespaceMode.Host _ -> Optional.of(BundleMount.bind(SHM, SHM, false));
            case NamespaceMode.Of _ ->
                Optional.ofNullable(joined.targets().get("ipc"))
                        .map(target -> BundleMount.bind(
                                Namespaces.isHost(target.spec()
                                                .options()
                                                .isolation()
                                                .namespaces()
                                                .ipc())
                                        ? SHM
                                        : new ContainerFiles(files.root(), target.id())
                                                .sharedMemory()
                                                .toString(),
                                SHM,
                                false));
            case NamespaceMode.Shareable _ ->
                Optional.of(BundleMount.bind(files.sharedMemory().toString(), SHM, false));
            case NamespaceMode.Own _ ->
                Optional.of(new BundleMount(
                        SHM,
                        "tmpfs",
                        "shm",
                        List.of(
                                "nosuid",
                                "noexec",
                                "nodev",
                                "mode=1777",
                                "size=" + record.made().options().shmSize())));
        };
    }

    /** One that this kernel has not makes the runtime give up: of the defaults it is left out, else refused. */
    static Map<String, String> sysctls(ContainerSpec spec, boolean ownUsers) {
        var isolation = spec.options().isolation();
        var sysctls = new TreeMap<String, String>();
        if (!Namespaces.isShared(isolation.namespaces().network())) {
            NETWORK_SYSCTLS.forEach((name, value) -> {
                if (exists(name)) {
                    sysctls.put(name, value);
                }
            });
            if (ownUsers && sysctls.containsKey(PING)) {
                // Higher ones are nobody's inside, which the kernel refuses.
                sysctls.put(PING, "0 " + (IdRanges.COUNT - 1));
            }
        }
        spec.options().naming().domainname().ifPresent(name -> sysctls.put("kernel.domainname", name));
        isolation.sysctls().forEach((name, value) -> {
            if (!exists(name) && !name.startsWith("net.")) {
                throw new IllegalArgumentException("this kernel has no sysctl " + name);
            }
            sysctls.put(name, value);
        });
        return sysctls;
    }

    private static boolean exists(String sysctl) {
        return Files.exists(Path.of("/proc/sys", sysctl.split("\\.")));
    }

    /** Numbers are looked up at every start: a device that was plugged in again may have others. */
    static BundleDevices devices(ContainerSpec spec, CdiEdits cdi) throws IOException {
        var asked = spec.options().devices();
        var nodes = new ArrayList<HostDevices.Node>();
        var rules = new ArrayList<BundleDevices.Rule>();
        if (spec.options().isolation().privileged()) {
            nodes.addAll(HostDevices.all());
            rules.add(BundleDevices.Rule.ALL);
        }
        var seen = new TreeSet<String>();
        nodes.forEach(node -> seen.add(node.path()));
        cdi.devices().nodes().stream().filter(node -> seen.add(node.path())).forEach(nodes::add);
        rules.addAll(cdi.devices().rules());
        for (var mapping : asked.mappings()) {
            for (var node : HostDevices.at(Path.of(mapping.source()), mapping.target())) {
                if (seen.add(node.path())) {
                    nodes.add(node);
                }
                rules.add(BundleDevices.Rule.of(node, mapping.permissions()));
            }
        }
        asked.rules().forEach(rule -> rules.add(BundleDevices.Rule.parse(rule)));
        return new BundleDevices(nodes, rules);
    }

    private Optional<ObjectNode> seccomp(Isolation isolation, List<String> capabilities) throws IOException {
        var asked = isolation.security().seccomp();
        if (asked.isEmpty()) {
            return isolation.privileged()
                    ? Optional.empty()
                    : Optional.of(rooms.seccomp().get().forContainer(capabilities));
        }
        if (asked.get().equals(SecurityOptions.UNCONFINED)) {
            return Optional.empty();
        }
        try {
            var profile = SeccompProfile.of(
                    asked.get().getBytes(StandardCharsets.UTF_8), rooms.root().json());
            return Optional.of(profile.forContainer(capabilities));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("its seccomp profile is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * What a mount is to receive from the host or give to it can pass the root only if that lets it (moby, oci_linux).
     */
    private static Optional<String> propagation(ContainerSpec spec, Effective effective) {
        var all = new ArrayList<>(effective.options().inherited());
        all.addAll(spec.mounts());
        var words = all.stream()
                .filter(MountSpec.Bind.class::isInstance)
                .map(mount -> ((MountSpec.Bind) mount).options().propagation())
                .toList();
        if (words.stream().anyMatch(word -> word.endsWith("shared"))) {
            return Optional.of("shared");
        }
        return words.stream().anyMatch(word -> word.endsWith("slave")) ? Optional.of("rslave") : Optional.empty();
    }
}
