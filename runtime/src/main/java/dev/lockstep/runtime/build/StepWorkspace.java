package dev.lockstep.runtime.build;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Where one step does its work: an overlay of the stage's layers with a fresh upper directory, and what is mounted for
 * it. {@code build-steps/ID} below the root has what is written, {@code build/ID} below the run root what is mounted; a
 * lock of that name is held as long as somebody works there, so that what a killed process left is known.
 */
final class StepWorkspace implements AutoCloseable {
    /** What the runtime mounts or makes in every container, or we do. */
    private static final List<Place> ALWAYS = List.of(
            new Place("/proc", true),
            new Place("/sys", true),
            new Place("/dev", true),
            new Place("/etc/hosts", false),
            new Place("/etc/resolv.conf", false));

    private static final RawPath HERE = new RawPath(".");

    /** As path_resolution(7) has it. */
    private static final int MOST_LINKS = 40;

    /**
     * Where something is mounted.
     *
     * @param path absolute and clean, as the container sees it
     */
    record Place(String path, boolean directory) {}

    private final Root root;
    private final String id;
    private final Flock lock;
    private final Cancellation cancellation;
    private final Path state;
    private final Path run;
    private final Set<RawPath> mountPoints = new HashSet<>();
    private int mounts;

    private StepWorkspace(Root root, String id, Flock lock, Cancellation cancellation) {
        this.root = root;
        this.cancellation = cancellation;
        this.id = id;
        this.lock = lock;
        this.state = states(root).resolve(id);
        this.run = runs(root).resolve(id);
    }

    private static Path states(Root root) {
        return root.state().resolve("build-steps");
    }

    private static Path runs(Root root) {
        return root.run().resolve("build");
    }

    /** One that goes whenever it is closed. */
    static StepWorkspace open(Root root) throws IOException {
        return open(root, new Cancellation());
    }

    /** One of a build; whoever calls that off learns that its files are still being removed. */
    static StepWorkspace open(Root root, Cancellation cancellation) throws IOException {
        var random = ThreadLocalRandom.current();
        var id = "";
        while (id.length() < 64) {
            id += String.format("%016x", random.nextLong());
        }
        root.room(states(root));
        root.room(runs(root));
        var workspace = new StepWorkspace(root, id, Flock.lasting(root.lock("build/" + id)), cancellation);
        try {
            Root.directory(workspace.state);
            Root.directory(workspace.run);
            for (var name : List.of("upper", "work", "below")) {
                workspace.make(workspace.state.resolve(name));
            }
            return workspace;
        } catch (IOException | RuntimeException e) {
            workspace.close();
            throw e;
        }
    }

    /** Whether somebody works in the workspace of that id. */
    static boolean isInUse(Root root, String id) {
        return Files.exists(runs(root).resolve(id));
    }

    private Path make(Path directory) throws IOException {
        Files.createDirectory(directory);
        try (var made = Directory.open(directory)) {
            made.setMode(HERE, 0755);
        }
        return directory;
    }

    /** 64 hexadecimal digits that nobody else has. */
    String id() {
        return id;
    }

    Path file(String name) {
        return run.resolve(name);
    }

    /** Where {@link #mount} mounts. */
    Path rootfs() {
        return run.resolve("rootfs");
    }

    /** What was written, once it is unmounted. */
    Path upper() {
        return state.resolve("upper");
    }

    private void mount(List<Path> layers, List<Place> places) throws IOException {
        Files.createDirectories(rootfs());
        var below = state.resolve("below");
        try (var made = Directory.open(below)) {
            for (var place : missing(layers, places)) {
                stub(made, place);
                mountPoints.add(RawPath.of(place.path().substring(1)));
            }
        }
        var lower = new ArrayList<>(layers);
        lower.add(below);
        // What a step writes is kept when it has ended well, and then synced at once.
        var written = new Mounts.Upper(upper(), state.resolve("work")).unsynced();
        Mounts.overlay(lower, Optional.of(written), rootfs());
    }

    /** Mounts the stage's files for writing, for a step that runs in no container. */
    void mount(List<Path> layers) throws IOException {
        mount(layers, List.of());
    }

    /**
     * The same for one that does. Places for mounts that the layers lack are made below all of them, so that nothing of
     * them is among what is written.
     *
     * @param layers top layer first; none: an empty root
     * @param places where something will be mounted, beside what is mounted in every container
     */
    void mountForContainer(List<Path> layers, List<Place> places) throws IOException {
        var all = new ArrayList<>(ALWAYS);
        all.removeIf(ours -> places.stream().anyMatch(asked -> asked.path().equals(ours.path())));
        all.addAll(places);
        mount(layers, all);
    }

    /** Places that the layers lack, as the root leads to them: links on the way are followed. */
    private List<Place> missing(List<Path> layers, List<Place> places) throws IOException {
        if (layers.isEmpty() || places.isEmpty()) {
            return places;
        }
        var missing = new ArrayList<Place>();
        try (var looked = mountReadOnly(layers);
                var tree = Directory.open(looked.path())) {
            for (var place : places) {
                resolveMissing(tree, looked.path(), place).ifPresent(missing::add);
            }
        }
        return missing;
    }

    private static Optional<Place> resolveMissing(Directory tree, Path mounted, Place place) throws IOException {
        var path = place.path();
        for (var links = 0; links < MOST_LINKS; links++) {
            var parts = List.of(path.substring(1).split("/", -1));
            if (isThere(tree, parts)) {
                return Optional.empty();
            }
            var there = parts.size() - 1;
            while (there > 0 && !isThere(tree, parts.subList(0, there))) {
                there--;
            }
            try (var found = tree.directoryInRoot(head(parts, there))) {
                var inside = Files.readSymbolicLink(found.fd().procPath())
                        .toString()
                        .substring(mounted.toString().length());
                var rest = String.join("/", parts.subList(there + 1, parts.size()));
                var next = found.status(RawPath.of(parts.get(there)));
                if (next.isEmpty() || next.get().type() != FileStatus.Type.SYMLINK) {
                    return Optional.of(new Place(
                            ImagePath.clean(inside + "/" + parts.get(there) + "/" + rest), place.directory()));
                }
                // It leads to what is not there: the runtime would make that.
                var target = found.readLink(RawPath.of(parts.get(there))).toString();
                path = ImagePath.resolve("/" + inside, target + "/" + rest);
            } catch (LinuxException e) {
                if (e.errno() != Errno.ENOTDIR) {
                    throw e;
                }
                return Optional.empty(); // A file is in the way; the runtime says so.
            }
        }
        return Optional.empty();
    }

    private static RawPath head(List<String> parts, int count) {
        return count == 0 ? HERE : RawPath.of(String.join("/", parts.subList(0, count)));
    }

    private static boolean isThere(Directory tree, List<String> parts) throws IOException {
        try (var _ = tree.placeInRoot(head(parts, parts.size()))) {
            return true;
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENOENT && e.errno() != Errno.ENOTDIR && e.errno() != Errno.ELOOP) {
                throw e;
            }
            return false;
        }
    }

    private void stub(Directory below, Place place) throws IOException {
        var path = place.path().substring(1);
        if (place.directory()) {
            below.makeDirectoriesInRoot(RawPath.of(path), 0755).close();
        } else {
            var slash = path.lastIndexOf('/');
            try (var parent = slash < 0
                    ? below.directoryInRoot(HERE)
                    : below.makeDirectoriesInRoot(RawPath.of(path.substring(0, slash)), 0755)) {
                var name = RawPath.of(path.substring(slash + 1));
                if (parent.status(name).isEmpty()) {
                    parent.createFile(name).close();
                    parent.setMode(name, 0644);
                }
            }
        }
    }

    /** Something mounted that is not written to; closing unmounts it. */
    static final class Mounted implements AutoCloseable {
        private final Path path;

        private Mounted(Path path) {
            this.path = path;
        }

        Path path() {
            return path;
        }

        @Override
        public void close() throws IOException {
            Mounts.unmount(path);
            Files.deleteIfExists(path);
        }
    }

    /** Mounts layers to look at them; what is not closed is unmounted with the workspace. */
    Mounted mountReadOnly(List<Path> layers) throws IOException {
        var place = Files.createDirectory(run.resolve("look" + mounts++));
        var all = layers.isEmpty() ? List.of(state.resolve("below")) : layers;
        Mounts.overlay(all, Optional.empty(), place);
        return new Mounted(place);
    }

    /** Mounts a directory so that what is written there is lost in the end. */
    Path mountScratch(Path directory) throws IOException {
        var number = mounts++;
        var place = Files.createDirectory(run.resolve("scratch" + number));
        var upper = make(state.resolve("scratch-upper" + number));
        var work = make(state.resolve("scratch-work" + number));
        Mounts.overlay(List.of(directory), Optional.of(new Mounts.Upper(upper, work).unsynced()), place);
        return place;
    }

    /** A directory for files of the host's. */
    Path scratch() throws IOException {
        return make(state.resolve("scratch" + mounts++));
    }

    /** A directory in memory that nobody else sees, for secrets. */
    Path memory() throws IOException {
        var place = run.resolve("memory");
        if (Files.notExists(place)) {
            Files.createDirectory(place);
            Mounts.tmpfs(place, 16L << 20, 0700, List.of());
        }
        return place;
    }

    /** Unmounts the root. */
    void unmountRoot() throws IOException {
        Mounts.unmount(rootfs());
    }

    /** Where something was mounted, as paths from the root: nothing there is what the step has written. */
    Set<RawPath> mountPoints() {
        return Set.copyOf(mountPoints);
    }

    @Override
    public void close() throws IOException {
        try (lock;
                var _ = cancellation.undoing()) {
            clear(run, state);
            Files.deleteIfExists(root.lock("build/" + id));
        }
    }

    private static void clear(Path run, Path state) throws IOException {
        for (var mount : MountTable.below(run)) {
            Mounts.unmount(mount);
        }
        removeTree(run);
        removeTree(state);
    }

    private static void removeTree(Path tree) throws IOException {
        var above = Objects.requireNonNull(tree.getParent(), "below a root");
        if (Files.exists(above)) {
            try (var parent = Directory.open(above)) {
                parent.removeTree(RawPath.of(tree.getFileName().toString()));
            }
        }
    }

    /** Takes something away that has that id. */
    @FunctionalInterface
    interface Clearing {
        void clear(String id) throws IOException;
    }

    /**
     * Removes what killed processes left.
     *
     * @param first ends what may still run, before its files go
     * @return how many steps there were
     */
    static int cleanUp(Root root, Clearing first) throws IOException {
        var ids = new TreeSet<String>();
        for (var room : List.of(states(root), runs(root))) {
            if (Files.exists(room)) {
                try (var entries = Files.list(room)) {
                    entries.forEach(entry -> ids.add(entry.getFileName().toString()));
                }
            }
        }
        var removed = 0;
        for (var id : ids) {
            var file = root.lock("build/" + id);
            try (var lock = Flock.tryLasting(file).orElse(null)) {
                if (lock != null) {
                    first.clear(id);
                    clear(runs(root).resolve(id), states(root).resolve(id));
                    Files.deleteIfExists(file);
                    removed++;
                }
            }
        }
        return removed;
    }
}
