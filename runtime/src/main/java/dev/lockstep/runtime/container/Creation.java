package dev.lockstep.runtime.container;

import dev.lockstep.runtime.copy.TreeCopy;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.linux.Sysctls;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.oci.Capabilities;
import dev.lockstep.runtime.oci.CdiEdits;
import dev.lockstep.runtime.oci.IdRange;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Makes containers: everything they need on disk, no process and nothing in the kernel that lasts. */
final class Creation {
    private final ContainerRooms rooms;
    private final ContainerStore store;

    private final RunRoot runRoot;
    private final Runtimes runtimes;
    private final Requirements requirements;
    private final Quarantine quarantine;

    Creation(
            ContainerRooms rooms,
            ContainerStore store,
            RunRoot runRoot,
            Runtimes runtimes,
            Requirements requirements,
            Quarantine quarantine) {
        this.quarantine = quarantine;
        this.requirements = requirements;
        this.runtimes = runtimes;
        this.rooms = rooms;
        this.store = store;
        this.runRoot = runRoot;
    }

    ContainerRecord create(ContainerSpec spec, Optional<String> replaces) throws IOException {
        MountPlan.check(spec);
        // Until the record says who needs the images: they may have lost their names, or be about to.
        try (var _ = rooms.images().hold(spec.images(), "creation of container " + spec.name())) {
            return createHeld(spec, replaces);
        }
    }

    private ContainerRecord createHeld(ContainerSpec spec, Optional<String> replaces) throws IOException {
        var id = store.newId();
        // Before the first effect: what cannot become a container leaves no trace.
        var image = rooms.images().config(spec.digest());
        var runtime = runtimes.of(spec).name();
        var first = found(spec);
        var hostname = hostname(id, spec);
        Resolution.resolve(hostname, spec, image, runtime, rooms.seccomp().get().digest(), Map.of(), first);
        hostHasWhatIsAsked(spec);
        requireWays(spec);
        StorageLimits.check(spec, rooms.root());
        requireVolumes(spec, spec.mounts());
        makeWay(spec);
        try (var _ = store.lock(id)) {
            var record = new ContainerRecord(
                    id,
                    spec,
                    Optional.empty(),
                    ContainerRecord.Phase.CREATING,
                    rooms.clock().instant());
            store.add(record, replaces);
            rooms.failPoint().reached(FailPoint.Step.CREATE_RECORDED);
            try {
                // Before there was a record its ids may have been given back, and to somebody else.
                var found = first.ids().isPresent() ? first.with(ids(spec)) : first;
                var targets = anonymousTargets(spec, image.volumes(), found.inherited());
                var size = spec.options().storage().size();
                if (!targets.isEmpty() || size.isPresent()) {
                    store.keep(record);
                }
                var anonymous = anonymousVolumes(record, targets);
                rooms.failPoint().reached(FailPoint.Step.CREATE_VOLUMES);
                var effective = Resolution.resolve(
                        hostname, spec, image, runtime, rooms.seccomp().get().digest(), anonymous, found);
                directories(store.files(id));
                if (size.isPresent()) {
                    StorageLimits.give(store.files(id), size.get());
                }
                fillVolumes(record, anonymous);
                // Whose they are may have gone before our record told of us, and they with it.
                requireVolumes(spec, found.inherited());
                var made = new ContainerRecord(
                        id, spec, Optional.of(effective), ContainerRecord.Phase.CREATED, record.createdAt());
                store.finish(made);
                rooms.failPoint().reached(FailPoint.Step.CREATE_DONE);
                rooms.events().tell(made, "create");
                return made;
            } catch (IOException | RuntimeException e) {
                try {
                    Mounts.unmount(scratch(id));
                    Teardown.removeTree(scratch(id));
                    StorageLimits.release(store.files(id), spec);
                    rooms.volumes().removeAnonymousOf(id);
                    store.forget(record);
                    Teardown.removeTree(store.files(id).state());
                } catch (IOException undo) {
                    e.addSuppressed(undo);
                }
                throw e;
            }
        }
    }

    /**
     * In for its ports, and to the host. Later it may be taken off the networks that lead there; then it runs without.
     */
    private void requireWays(ContainerSpec spec) throws IOException {
        if (!spec.ports().isEmpty() && !isOnAny(spec, NetworkSpec::mayPublish)) {
            throw noWay(spec, "no port can be published", "is a bridge that leads out");
        }
        var host = spec.options().naming().extraHosts().stream()
                .filter(extra -> extra.address().equals(Naming.HOST_GATEWAY))
                .findFirst();
        if (host.isPresent()
                && !Namespaces.isHost(spec.options().isolation().namespaces().network())
                && !isOnAny(
                        spec, network -> network.isBridge() && network.options().bridgeAddress())) {
            throw noWay(
                    spec,
                    "there is no way to the host for " + host.get().name() + "=host-gateway",
                    "has an address of the host");
        }
    }

    /** So it counts, too, where there is no such network: that is told when it starts. */
    private boolean isOnAny(ContainerSpec spec, Predicate<NetworkSpec> which) throws IOException {
        for (var attachment : spec.networks()) {
            var network = rooms.networks().get().find(attachment.network());
            if (network.isEmpty() || which.test(network.get().spec())) {
                return true;
            }
        }
        return false;
    }

    private static ContainerException noWay(ContainerSpec spec, String what, String lacking) {
        return new ContainerException(
                ContainerException.Reason.INVALID,
                "container " + spec.name() + ": " + what + ", since "
                        + (spec.networks().isEmpty()
                                ? "it is on no network."
                                : "none of its networks " + lacking + "."));
    }

    private void requireVolumes(ContainerSpec spec, List<MountSpec> mounts) throws IOException {
        for (var mount : mounts) {
            if (mount instanceof MountSpec.Volume volume
                    && rooms.volumes().find(volume.name()).isEmpty()) {
                throw new ContainerException(
                        ContainerException.Reason.INVALID,
                        "container " + spec.name() + ": there is no volume \"" + volume.name() + "\".");
            }
        }
    }

    /** Who has the name and a record that nobody can read is in the way of the one that is to be made instead. */
    private void makeWay(ContainerSpec spec) throws IOException {
        // Not all that are damaged: for each of many new ones, all that there are would be read.
        var damaged = store.damagedNamed(spec.name()).filter(DamagedContainer::replaceable);
        if (damaged.isPresent()) {
            try (var _ = store.lock(damaged.get().id())) {
                var still = store.damaged(damaged.get().id());
                if (still.isPresent()) {
                    quarantine.setAside(still.get(), !spec.networks().isEmpty());
                }
            }
        }
    }

    /** What the host says about what is asked for. */
    private Resolution.Found found(ContainerSpec spec) throws IOException {
        var isolation = spec.options().isolation();
        try {
            return new Resolution.Found(
                    Capabilities.ofHost(),
                    AppArmor.ofThisHost().profile(isolation.security().apparmor(), isolation.privileged()),
                    inherited(spec),
                    UserNamespace.isAskedFor(spec) ? Optional.of(ids(spec)) : Optional.empty());
        } catch (IllegalArgumentException e) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID, "container " + spec.name() + ": " + e.getMessage() + ".", e);
        }
    }

    private IdRange ids(ContainerSpec spec) throws IOException {
        return rooms.idRanges().of(spec.owner().stack(), this::holders);
    }

    private Optional<List<IdRanges.Holder>> holders() throws IOException {
        if (!store.damaged().isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(store.list().stream()
                .map(record -> new IdRanges.Holder(
                        record.spec().owner().stack(),
                        record.effective().flatMap(made -> made.options().ids())))
                .toList());
    }

    /** Who has the host's name, or that of the container whose network it is in, has no other. */
    private String hostname(String id, ContainerSpec spec) throws IOException {
        var namespaces = spec.options().isolation().namespaces();
        if (Namespaces.isHost(namespaces.uts()) || Namespaces.isHost(namespaces.network())) {
            return Sysctls.read("kernel/hostname")
                    .orElseThrow(() -> new IOException("the kernel does not say the name of the host"));
        }
        if (namespaces.network().orElse(new NamespaceMode.Own()) instanceof NamespaceMode.Of(var container)) {
            return store.find(container)
                    .flatMap(ContainerRecord::effective)
                    .map(Effective::hostname)
                    .orElseThrow(() -> noSuch(spec, container));
        }
        return id.substring(0, 12);
    }

    private static ContainerException noSuch(ContainerSpec spec, String container) {
        return new ContainerException(
                ContainerException.Reason.NO_SUCH_CONTAINER,
                "container " + spec.name() + ": there is no container " + container + " to share with.");
    }

    /** The mounts of other containers that are not memory: volumes without a name too, by the name that they have. */
    private List<MountSpec> inherited(ContainerSpec spec) throws IOException {
        var byTarget = new TreeMap<String, MountSpec>();
        for (var from : spec.options().storage().volumesFrom()) {
            var source = store.find(from.container())
                    .filter(record -> record.phase() == ContainerRecord.Phase.CREATED)
                    .orElseThrow(() -> noSuch(spec, from.container()));
            var made = source.made();
            var readOnly = from.readOnly().orElse(false);
            for (var mount : made.options().inherited()) {
                handedOn(mount, made, readOnly).ifPresent(its -> byTarget.put(its.target(), its));
            }
            made.anonymousVolumes()
                    .forEach(
                            (target, name) -> byTarget.put(target, new MountSpec.Volume(name, target, readOnly, true)));
            for (var mount : source.spec().mounts()) {
                handedOn(mount, made, readOnly).ifPresent(its -> byTarget.put(its.target(), its));
            }
        }
        spec.mounts().forEach(mount -> byTarget.remove(mount.target()));
        return List.copyOf(byTarget.values());
    }

    /** As another container gets it, to which nobody gives more than he has himself; empty for what stays his own. */
    private static Optional<MountSpec> handedOn(MountSpec mount, Effective made, boolean readOnly) {
        return switch (mount) {
            case MountSpec.Bind b ->
                Optional.of(new MountSpec.Bind(
                        b.source(), b.identity(), b.target(), readOnly || b.readOnly(), false, b.base(), b.options()));
            case MountSpec.Volume v ->
                Optional.of(new MountSpec.Volume(v.name(), v.target(), readOnly || v.readOnly(), true, v.subpath()));
            case MountSpec.Anonymous a ->
                Optional.of(new MountSpec.Volume(
                        made.anonymousVolumes().getOrDefault(a.target(), ""),
                        a.target(),
                        readOnly || a.readOnly(),
                        true));
            case MountSpec.OfImage image -> Optional.of(image);
            // Memory and contents are each container's own, as with Docker.
            case MountSpec.Tmpfs _, MountSpec.Content _ -> Optional.empty();
        };
    }

    /**
     * What its devices of the Container Device Interface make of it.
     *
     * @throws IllegalArgumentException with a sentence, when the host has one of them not
     */
    static CdiEdits cdi(ContainerSpec spec, ContainerRooms rooms) throws IOException {
        return rooms.cdi().devices(spec.options().devices().cdi());
    }

    /** Looks once before anything is made, so that what is missing does not show at the start only. */
    private void hostHasWhatIsAsked(ContainerSpec spec) throws IOException {
        // Whoever it shares with may be made after it.
        var unmet = requirements.unmet(spec, _ -> true);
        if (!unmet.isEmpty()) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID,
                    "container " + spec.name() + ": " + unmet.getFirst().why() + ".");
        }
    }

    /** What was asked for without a name, and the image's volumes that nothing else is mounted at. */
    private static Set<String> anonymousTargets(
            ContainerSpec spec, Iterable<String> imageVolumes, List<MountSpec> inherited) {
        var targets = new TreeSet<String>();
        for (var mount : spec.mounts()) {
            if (mount instanceof MountSpec.Anonymous own) {
                targets.add(own.target());
            }
        }
        for (var target : imageVolumes) {
            if (Stream.concat(spec.mounts().stream(), inherited.stream())
                    .noneMatch(m -> m.target().equals(target))) {
                targets.add(target);
            }
        }
        return targets;
    }

    /** Names of their volumes, by target. */
    private Map<String, String> anonymousVolumes(ContainerRecord record, Set<String> targets) throws IOException {
        var spec = record.spec();
        var names = new TreeMap<String, String>();
        for (var target : targets) {
            names.put(
                    target,
                    rooms.volumes()
                            .anonymous(spec.owner(), record.place(), spec.slot(), target, labels(spec, target))
                            .spec()
                            .name());
        }
        return names;
    }

    private static Map<String, String> labels(ContainerSpec spec, String target) {
        return spec.mounts().stream()
                .filter(mount -> mount.target().equals(target))
                .filter(MountSpec.Anonymous.class::isInstance)
                .map(MountSpec.Anonymous.class::cast)
                .map(MountSpec.Anonymous::labels)
                .findFirst()
                .orElse(Map.of());
    }

    private void directories(ContainerFiles files) throws IOException {
        for (var directory : List.of(files.upper(), files.work())) {
            Files.createDirectory(directory);
        }
        // The upper directory becomes the container's root directory, with this mode.
        Files.setPosixFilePermissions(files.upper(), PosixFilePermissions.fromString("rwxr-xr-x"));
        logDirectory(files);
    }

    /** Makes it where it is missing: conmon ends without it. */
    static void logDirectory(ContainerFiles files) throws IOException {
        var directory = files.log().directory();
        if (Files.notExists(directory)) {
            Files.createDirectory(directory);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        }
    }

    private void fillVolumes(ContainerRecord record, Map<String, String> anonymous) throws IOException {
        var layers = List.<Path>of();
        for (var use : MountPlan.volumes(record.spec(), anonymous)) {
            var volume = rooms.volumes().find(use.volume());
            if (!use.copy() || volume.isEmpty() || volume.get().populated()) {
                continue;
            }
            if (layers.isEmpty()) {
                layers = rooms.images().layers(record.spec().digest());
            }
            try (var _ = runRoot.enter()) {
                rooms.volumes().mount(use.volume(), record.id());
                fill(record.id(), layers, use);
            } finally {
                rooms.volumes().release(record.id());
            }
        }
    }

    private void fill(String id, List<Path> layers, MountPlan.VolumeUse use) throws IOException {
        var scratch = scratch(id);
        Root.directory(scratch);
        Mounts.overlay(layers, Optional.empty(), scratch);
        try (var root = Directory.open(scratch)) {
            try (var source = root.directoryInRoot(RawPath.of(use.target()))) {
                rooms.volumes().populate(use.volume(), target -> {
                    try (var copy = Directory.open(target)) {
                        TreeCopy.copy(source, copy);
                        copy.imitate(source);
                    }
                });
            } catch (LinuxException e) {
                // The image has no directory there: nothing to copy.
                if (e.errno() != Errno.ENOENT && e.errno() != Errno.ENOTDIR) {
                    throw e;
                }
            }
        }
        Mounts.unmount(scratch);
        Files.delete(scratch);
    }

    /** Where layers are looked at while a container is made. */
    private Path scratch(String id) {
        return rooms.root().run().resolve("creating").resolve(id);
    }
}
