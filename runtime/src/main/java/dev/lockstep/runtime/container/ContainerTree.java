package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.IdRange;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The files of a container as it sees them: of a running one by its first process, with all that is mounted there; of
 * one that does not run its root, volumes and binds, mounted for as long as this is open. Until then the container
 * neither starts nor ends. Paths are to be resolved with {@link Directory#directoryInRoot} and its like.
 */
public final class ContainerTree implements AutoCloseable {
    private final Directory root;
    private final List<AutoCloseable> scopes;

    private final Optional<IdRange> ids;
    private final Optional<Set<Long>> mounts;

    private ContainerTree(
            Directory root, Optional<IdRange> ids, Optional<Set<Long>> mounts, List<AutoCloseable> scopes) {
        this.ids = ids;
        this.mounts = mounts.map(Set::copyOf);
        this.root = root;
        this.scopes = scopes;
    }

    /** What {@code /} is in the container. */
    public Directory root() {
        return root;
    }

    /**
     * Ids of this host that stand for those of its files, where it has users of its own; of one that does not run there
     * are none, since its files have on disk what they have inside.
     */
    public Optional<IdRange> ids() {
        return ids;
    }

    /**
     * What of that which is mounted below is copied with it: volumes, binds with what is mounted in them, images, and
     * the files in {@code /etc} that we write; not the kernel's file systems, memory, secrets and configs, nor what the
     * container has mounted itself. By the numbers of {@link MountTable#parents}; absent: everything, since nothing
     * else is mounted.
     */
    public Optional<Set<Long>> mounts() {
        return mounts;
    }

    /** Of a running container. The descriptor outlives the process: what it leads to is still the container's. */
    static ContainerTree running(ContainerRecord record, Run run) throws IOException {
        var process = run.process().orElseThrow();
        var root = Directory.open(process.directory().resolve("root"));
        var opened = false;
        try {
            var mounts = ownMounts(record, root, MountTable.parents(process));
            if (!process.isAlive()) {
                throw new IOException("the container has just ended"); // the pid may be somebody else's by now
            }
            opened = true;
            return new ContainerTree(root, record.made().options().ids(), Optional.of(mounts), List.of());
        } finally {
            if (!opened) {
                root.close();
            }
        }
    }

    private static Set<Long> ownMounts(ContainerRecord record, Directory root, Map<Long, Long> parents)
            throws IOException {
        var targets = new LinkedHashMap<String, Boolean>();
        EtcFiles.TARGETS.forEach(target -> targets.put(target, true));
        record.made().options().inherited().forEach(mount -> targets.put(mount.target(), isOwn(mount)));
        record.made().anonymousVolumes().keySet().forEach(target -> targets.put(target, true));
        record.spec().mounts().forEach(mount -> targets.put(mount.target(), isOwn(mount)));
        var known = new HashMap<Long, Boolean>();
        for (var target : targets.entrySet()) {
            // Looked up inside, for a link of the image may have led the runtime elsewhere.
            try (var place = root.placeInRoot(RawPath.of(target.getKey().substring(1)))) {
                MountTable.mountedAt(place).ifPresent(mount -> known.put(mount, target.getValue()));
            } catch (LinuxException e) {
                if (!e.isGone() && e.errno() != Errno.ENOTDIR && e.errno() != Errno.ELOOP) {
                    throw e; // the container may have moved what is above it
                }
            }
        }
        return parents.keySet().stream()
                .filter(mount -> isOwn(mount, known, parents))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** As the nearest one above of which we know. */
    private static boolean isOwn(Long mount, Map<Long, Boolean> known, Map<Long, Long> parents) {
        var at = Optional.of(mount);
        while (at.isPresent() && !known.containsKey(at.get())) {
            var below = at.get(); // a first one may be mounted in itself
            at = Optional.ofNullable(parents.get(below)).filter(above -> !above.equals(below));
        }
        return at.map(known::get).orElse(false);
    }

    private static boolean isOwn(MountSpec mount) {
        return switch (mount) {
            case MountSpec.Volume _, MountSpec.Bind _, MountSpec.Anonymous _, MountSpec.OfImage _ -> true;
            case MountSpec.Tmpfs _, MountSpec.Content _ -> false;
        };
    }

    /** Of one that does not run; takes over the container's lock. */
    static ContainerTree stopped(
            ContainerRooms rooms, RunRoot runRoot, ContainerRecord record, ContainerFiles files, Flock lock)
            throws IOException {
        var scopes = new ArrayList<AutoCloseable>();
        scopes.add(lock);
        var opened = false;
        try {
            scopes.add(runRoot.enter());
            var place = place(rooms.root(), record.id());
            letGo(rooms.root(), record.id());
            Root.directory(all(rooms.root()));
            Root.directory(place);
            scopes.add(() -> letGo(rooms.root(), record.id()));
            Mounts.overlay(
                    rooms.images().layers(record.made().image()),
                    Optional.of(WrittenFiles.mounted(record, files)),
                    place);
            var root = Directory.open(place);
            scopes.add(root);
            // No run of it holds them now.
            scopes.add(() -> rooms.volumes().release(record.id()));
            for (var volume : record.volumes()) {
                rooms.volumes().mount(volume, record.id());
            }
            mounts(rooms, record, root);
            if (record.spec().options().isolation().readOnly()) {
                // What is mounted into it may be written to, as while it runs.
                Mounts.forbid(place, List.of(DetachedMount.Attribute.READ_ONLY));
            }
            opened = true;
            return new ContainerTree(root, Optional.empty(), Optional.empty(), scopes);
        } finally {
            if (!opened) {
                close(scopes);
            }
        }
    }

    /**
     * Directories over each other, for reading, top one first; without what a container has mounted in them. The mount
     * is gone when this returns, and the descriptor keeps what it leads to. The container's lock is held.
     */
    static Directory overlaid(Root root, RunRoot runRoot, String id, List<Path> layers) throws IOException {
        try (var _ = runRoot.enter()) {
            var place = place(root, id);
            letGo(root, id);
            Root.directory(all(root));
            Root.directory(place);
            try {
                Mounts.overlay(layers, Optional.empty(), place);
                return Directory.open(place);
            } finally {
                letGo(root, id);
            }
        }
    }

    /** Of a container's root file system alone. */
    static ContainerTree of(Directory root) {
        return new ContainerTree(root, Optional.empty(), Optional.empty(), List.of());
    }

    /** Where containers that do not run are mounted, each by its id. */
    static Path all(Root root) {
        return root.run().resolve("looking");
    }

    private static Path place(Root root, String id) {
        return all(root).resolve(id);
    }

    /** Takes the mount away, also one that a killed process left. The container's lock is held. */
    static void letGo(Root root, String id) throws IOException {
        var place = place(root, id);
        if (Files.exists(place)) {
            Mounts.unmountAll(place);
            Files.delete(place); // and nothing below it: were it still mounted, that would be the container's
        }
    }

    /** Each after what it is mounted in, as at a start. */
    private static void mounts(ContainerRooms rooms, ContainerRecord record, Directory root) throws IOException {
        var mounts = new TreeMap<String, MountSpec>();
        record.made().options().inherited().forEach(mount -> mounts.put(mount.target(), mount));
        record.made()
                .anonymousVolumes()
                .forEach((target, name) -> mounts.put(target, new MountSpec.Volume(name, target, false, true)));
        record.spec().mounts().stream()
                // Under the volume's own name above.
                .filter(mount -> !(mount instanceof MountSpec.Anonymous))
                .forEach(mount -> mounts.put(mount.target(), mount));
        for (var mount : mounts.values()) {
            mount(rooms, mount, root);
        }
    }

    private static void mount(ContainerRooms rooms, MountSpec mount, Directory root) throws IOException {
        switch (mount) {
            case MountSpec.Volume volume ->
                volume(rooms, volume.name(), volume.subpath(), volume.target(), volume.readOnly(), root);
            case MountSpec.Bind bind -> bind(bind, root);
            // Memory is there while the container runs, and an image is its own.
            case MountSpec.Anonymous _, MountSpec.Tmpfs _, MountSpec.Content _, MountSpec.OfImage _ -> {}
        }
    }

    private static void volume(
            ContainerRooms rooms,
            String name,
            Optional<String> subpath,
            String target,
            boolean readOnly,
            Directory root)
            throws IOException {
        if (rooms.volumes().find(name).isPresent()) {
            var all = rooms.volumes().path(name);
            if (subpath.isEmpty()) {
                mountBeneath(all, "", target, readOnly, root);
                return;
            }
            // As it is mounted: links that stay beneath the volume are followed.
            try (var base = Directory.open(all);
                    var source = base.placeBeneathByLinks(RawPath.of(subpath.get()))) {
                mount(source, target, readOnly, root);
            }
        }
    }

    /** A source below a directory that containers write to is found where no link leads on the way. */
    private static void bind(MountSpec.Bind bind, Directory root) throws IOException {
        if (!Files.exists(bind.source())) {
            return;
        }
        var base = bind.base().orElse(bind.source());
        mountBeneath(base, base.relativize(bind.source()).toString(), bind.target(), bind.readOnly(), root);
    }

    private static void mountBeneath(Path above, String path, String target, boolean readOnly, Directory root)
            throws IOException {
        if (path.isEmpty()) {
            try (var source = Fd.openPath(above)) {
                mount(source, target, readOnly, root);
            }
            return;
        }
        try (var base = Directory.open(above);
                var source = base.placeBeneath(RawPath.of(path))) {
            mount(source, target, readOnly, root);
        }
    }

    private static void mount(Fd source, String target, boolean readOnly, Directory root) throws IOException {
        var path = RawPath.of(target.substring(1));
        try {
            makeMissing(path, Files.isDirectory(source.procPath()), root);
            try (var place = root.placeInRoot(path);
                    var mount = DetachedMount.bindRecursively(source)) {
                if (readOnly) {
                    mount.forbid(List.of(DetachedMount.Attribute.READ_ONLY));
                }
                mount.attach(place);
            }
        } catch (LinuxException e) {
            if (!e.isGone() && e.errno() != Errno.EROFS) {
                throw e; // where the runtime can make no such place there is nothing to see, and nothing can be written
            }
        }
    }

    /** As the runtime does at a start. What was copied to a place that is not there yet would be hidden by then. */
    private static void makeMissing(RawPath path, boolean isDirectory, Directory root) throws LinuxException {
        try (var _ = root.placeInRoot(path)) {
            return;
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
        }
        if (isDirectory) {
            root.makeDirectoriesInRoot(path, 0755).close();
            return;
        }
        var text = path.latin1();
        var slash = text.lastIndexOf('/');
        var name = new RawPath(text.substring(slash + 1));
        try (var parent = root.makeDirectoriesInRoot(new RawPath(text.substring(0, Math.max(slash, 0))), 0755)) {
            parent.createFile(name).close();
            parent.setMode(name, 0755);
        }
    }

    private static void close(List<AutoCloseable> scopes) throws IOException {
        IOException failure = null;
        for (var scope : scopes.reversed()) {
            try {
                scope.close();
            } catch (IOException e) {
                failure = e;
            } catch (Exception e) {
                failure = new IOException(e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void close() throws IOException {
        if (scopes.isEmpty()) {
            root.close();
        }
        close(scopes);
    }
}
