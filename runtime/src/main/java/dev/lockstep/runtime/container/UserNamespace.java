package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.FileUser;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.UserNamespaces;
import dev.lockstep.runtime.oci.IdRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The users of a container that are not the host's. On disk files have the ids that the container sees: mounts map them
 * in both directions (mount_setattr(2), MOUNT_ATTR_IDMAP), so that layers are shared, volumes mean the same with and
 * without a namespace, and what root inside writes into a bind is root's there, as without one.
 *
 * @param pin file that pins the namespace
 */
record UserNamespace(IdRange ids, Path pin) {
    /** Makes the namespace of a run; one of another container's is entered instead where something else of it is. */
    static Optional<UserNamespace> of(ContainerRecord record, ContainerFiles files, Joined joined) throws IOException {
        var ids = record.made().options().ids();
        if (ids.isEmpty()) {
            return Optional.empty();
        }
        var entered = joined.namespaces().get(Joined.USER);
        if (entered != null) {
            return Optional.of(new UserNamespace(ids.get(), entered));
        }
        Files.createDirectories(files.joined());
        var pin = files.joined().resolve(Joined.USER);
        UserNamespaces.create(pin, ids.get().first(), ids.get().count());
        return Optional.of(new UserNamespace(ids.get(), pin));
    }

    /**
     * Maps the ids of a mount.
     *
     * @param what the sentence begins with that: {@code the bind source /x}
     */
    DetachedMount map(DetachedMount mount, Path source, String container, String what) throws IOException {
        try (var namespace = Fd.open(pin)) {
            return mount.mapIds(namespace);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != Errno.EPERM) {
                throw e;
            }
            var types = MountTable.types(source.toRealPath());
            throw new ContainerException(
                    ContainerException.Reason.INVALID,
                    "container " + container + ": this kernel cannot map the ids of " + what + " ("
                            + (e.errno() == Errno.EPERM ? "it is mapped already, " : "") + String.join(", ", types)
                            + "); write userns_mode: host, or keep it on ext4, xfs or btrfs.",
                    e);
        }
    }

    /**
     * Does for a prepared container what its own root may not: gives its pipes to its user, who may open
     * {@code /dev/stdout} then, and sets those parameters of the kernel that only the host's root may write.
     */
    void settle(ContainerRecord record, ContainerFiles files, ProcessIdentity process) throws IOException {
        var user = ids.outside(Start.process(record, files).user().uid());
        for (var number = 0; number < 3; number++) {
            own(Path.of("/proc/" + process.pid() + "/fd/" + number), user);
        }
        for (var sysctl : Bundling.sysctls(record.spec(), true).entrySet()) {
            if (isHostRoots(sysctl.getKey())) {
                UserNamespaces.writeSysctl(process.pid(), sysctl.getKey(), sysctl.getValue());
            }
        }
    }

    /**
     * Whether the kernel lets nobody but the host's root write it, in the container's own namespaces too. Those of
     * networks and of IPC are the root's of the namespace, and not the host's.
     */
    static boolean isHostRoots(String sysctl) {
        return sysctl.equals("kernel.domainname");
    }

    /** Gives a pipe to a user of the host; what is no pipe stays as it is. */
    static void own(Path descriptor, int user) throws IOException {
        if (Files.readSymbolicLink(descriptor).toString().startsWith("pipe:")) {
            Files.setAttribute(descriptor, "unix:uid", user);
        }
    }

    /** Whether a container asks for users of its own, and for nothing that cannot be had with them. */
    static boolean isAskedFor(ContainerSpec spec) throws ContainerException {
        var isolation = spec.options().isolation();
        var namespaces = isolation.namespaces();
        if (namespaces.user().filter(NamespaceMode.Own.class::isInstance).isEmpty()) {
            return false;
        }
        var contrary = Stream.of(
                        isolation.privileged() ? "privileged" : "",
                        Namespaces.isHost(namespaces.network()) ? "network_mode: host" : "",
                        Namespaces.isHost(namespaces.pid()) ? "pid: host" : "",
                        Namespaces.isHost(namespaces.ipc()) ? "ipc: host" : "",
                        spec.mounts().stream()
                                        .anyMatch(mount -> mount instanceof MountSpec.Bind bind
                                                && bind.options().propagation().endsWith("shared"))
                                ? "propagation: shared"
                                : "")
                .filter(word -> !word.isEmpty())
                .toList();
        if (!contrary.isEmpty()) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID,
                    "container " + spec.name() + ": users of its own cannot be had with "
                            + String.join(" and ", contrary) + "; write userns_mode: host for it.");
        }
        return true;
    }

    /** Mounts a root file system whose layers, and what is written over them, are mapped. */
    static void overlay(
            Optional<UserNamespace> users,
            List<Path> layers,
            Optional<Mounts.Upper> upper,
            Optional<String> context,
            ContainerFiles files,
            String container,
            Path target)
            throws IOException {
        if (users.isEmpty()) {
            Mounts.overlay(layers, upper, context, target);
            return;
        }
        var mapped = users.get();
        var below = parent(layers.getFirst());
        try {
            // Called as the original is: whoever looks for layers that are mounted finds the name.
            var lower = mapped.place(below, files.mapped().resolve(below.getFileName()), container);
            var moved = Optional.<Mounts.Upper>empty();
            if (upper.isPresent()) {
                // Both in one mount, as overlayfs wants them.
                var above = parent(upper.get().content());
                var place = mapped.place(above, files.mapped().resolve("written"), container);
                moved = Optional.of(new Mounts.Upper(
                        place.resolve(above.relativize(upper.get().content())),
                        place.resolve(above.relativize(upper.get().work()))));
            }
            var over = moved;
            var all = layers.stream()
                    .map(layer -> lower.resolve(below.relativize(layer)))
                    .toList();
            // overlayfs makes files of its own as who mounts it.
            FileUser.run(mapped.ids().outside(0), () -> {
                Mounts.overlay(all, over, context, target);
                return target;
            });
        } catch (LinuxException e) {
            if (e.errno() == Errno.EINVAL) {
                throw new ContainerException(
                        ContainerException.Reason.INVALID,
                        "container " + container + ": this kernel has no overlay with mapped ids, which Linux has since"
                                + " 5.19; write userns_mode: host. (" + e.getMessage() + ")",
                        e);
            }
            throw e;
        } finally {
            // The overlay keeps what it needs of them.
            Teardown.unpin(files.mapped());
        }
    }

    private Path place(Path source, Path place, String container) throws IOException {
        Files.createDirectories(place);
        try (var from = Fd.openPath(source);
                var mount = DetachedMount.bind(from);
                var to = Fd.openPath(place)) {
            map(mount, source, container, "the directory " + source).attach(to);
        }
        return place;
    }

    private static Path parent(Path path) {
        return Optional.ofNullable(path.getParent()).orElseThrow();
    }

    /**
     * The program that starts the container goes to its files as one of its users.
     *
     * @throws ContainerException when it cannot get there
     */
    static void requireReachable(Path path, String container) throws IOException {
        for (var directory = path; directory != null; directory = directory.getParent()) {
            if ((((Integer) Files.getAttribute(directory, "unix:mode")) & 1) == 0) {
                throw new ContainerException(
                        ContainerException.Reason.INVALID,
                        "container " + container + ": its users cannot reach " + path + ", since " + directory
                                + " is closed to others; run chmod o+x " + directory + ".");
            }
        }
    }
}
