package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.archive.ArchiveException;
import dev.lockstep.runtime.archive.Compression;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.ParallelLayers;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.WrongDigestException;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.TreeSize;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacked layers, {@code snapshots/HEX} by diff id, and overlays of them. A layer is unpacked once, under a name that
 * nobody uses, synced and then renamed: what has its proper name is whole. Layers that are the same below different
 * others are shared, since an overlay does not care.
 */
public final class Snapshots implements LayerIntake {
    private static final Logger LOG = LoggerFactory.getLogger(Snapshots.class);
    private static final int AT_ONCE = 2;
    /** Unused layers are left alone this long: a container may be about to be made of them. */
    private static final Duration YOUNG = Duration.ofHours(1);

    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern UNFINISHED = Pattern.compile("\\.([0-9a-f]{64})\\..*\\.tmp");
    private static final RawPath HERE = new RawPath(".");

    /** What the host is to blame for, and not the layer. */
    private static final Set<Integer> OF_THE_HOST = Set.of(
            Errno.ENOSPC,
            Errno.EDQUOT,
            Errno.EIO,
            Errno.EROFS,
            Errno.EMFILE,
            Errno.ENFILE,
            Errno.ENOMEM,
            Errno.EPERM,
            Errno.EACCES);

    private final Root root;
    private final BlobStore blobs;
    private final UnpackLimits limits;
    private final InstantSource clock;
    private final Path directory;
    /** A cache: a file by diff id with the number of bytes. */
    private final Path sizes;

    private final GroupSync sync = new GroupSync(this::syncFileSystem);

    public Snapshots(Root root, BlobStore blobs, UnpackLimits limits, InstantSource clock) throws IOException {
        this.root = root;
        this.blobs = blobs;
        this.limits = limits;
        this.clock = clock;
        this.directory = root.room(root.state().resolve("snapshots"));
        this.sizes = root.room(root.state().resolve("snapshot-sizes"));
    }

    /**
     * Makes sure that every layer of the image is unpacked. Several processes may do that at once; each layer is
     * unpacked by one of them.
     *
     * @return the layers' directories, top layer first, as overlayfs wants them
     * @throws UnpackException when a layer is refused; nothing of it is left
     * @throws SnapshotStorageException when there is no space, or the disk fails; nothing of it is left
     * @throws WrongDigestException when a layer is not what the configuration says
     */
    public List<Path> unpack(Image image, Progress progress) throws IOException {
        return unpack(image.layers(), progress);
    }

    /**
     * The same for layers that are of no image yet.
     *
     * @param layers bottom layer first
     */
    public List<Path> unpack(List<Layer> layers, Progress progress) throws IOException {
        var missing = new ArrayList<Layer>();
        for (var layer : new LinkedHashSet<>(layers)) {
            if (find(layer.diffId())) {
                progress.report(Progress.Step.PRESENT, layer.blob(), layer.size(), layer.size());
            } else {
                missing.add(layer);
            }
        }
        ParallelLayers.forEach(missing, AT_ONCE, layer -> unpack(layer, progress));
        return layers.reversed().stream().map(layer -> path(layer.diffId())).toList();
    }

    private Path path(Digest diffId) {
        return directory.resolve(diffId.hex());
    }

    /** Whether the layer is here, and young from now on: under its lock, so that nobody is just removing it. */
    private boolean find(Digest diffId) throws IOException {
        try (var _ = lock(diffId)) {
            return touch(diffId);
        }
    }

    /** Makes the layer young again; whether it is here. A change of mode sets ctime, which no archive can forge. */
    private boolean touch(Digest diffId) throws IOException {
        try (var layer = Directory.open(path(diffId))) {
            var mode = layer.status(HERE).map(FileStatus::mode).orElse(0755);
            layer.setMode(HERE, mode);
            return true;
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOENT) {
                return false;
            }
            throw e;
        }
    }

    private void unpack(Layer layer, Progress progress) throws IOException {
        try (var blob = blobs.open(layer.blob());
                var taken = take(layer, blob, progress)) {
            taken.keep();
        }
    }

    @Override
    public boolean wants(Layer layer) throws IOException {
        return !touch(layer.diffId());
    }

    /**
     * {@inheritDoc} Waits while another process unpacks it.
     *
     * @throws SnapshotStorageException when there is no space, or the disk fails; nothing of it is left
     */
    @Override
    public Taken take(Layer layer, InputStream blob, Progress progress) throws IOException {
        var taken = new Unpacked(layer, progress, lock(layer.diffId()));
        try {
            taken.unpack(blob);
            return taken;
        } catch (IOException | RuntimeException e) {
            taken.close();
            throw e;
        }
    }

    /** A layer under a name that nobody uses, and its lock. */
    private final class Unpacked implements Taken {
        private final Layer layer;
        private final Progress progress;
        private final Flock lock;
        private final Path temporary;
        private boolean there;

        Unpacked(Layer layer, Progress progress, Flock lock) {
            this.layer = layer;
            this.progress = progress;
            this.lock = lock;
            this.temporary = AtomicFiles.temporaryBeside(path(layer.diffId()));
        }

        void unpack(InputStream blob) throws IOException {
            there = touch(layer.diffId());
            if (!there) {
                fill(temporary, layer, blob, progress);
            }
        }

        @Override
        public void keep() throws IOException {
            if (there) {
                progress.report(Progress.Step.PRESENT, layer.blob(), layer.size(), layer.size());
                return;
            }
            sync.run();
            AtomicFiles.publish(temporary, path(layer.diffId()));
            there = true;
            progress.report(Progress.Step.UNPACK, layer.blob(), layer.size(), layer.size());
        }

        @Override
        public void close() throws IOException {
            try (lock) {
                if (!there) {
                    remove(temporary);
                }
            }
        }
    }

    private void syncFileSystem() throws IOException {
        try (var snapshots = Directory.open(directory)) {
            snapshots.syncFileSystem();
        } catch (LinuxException e) {
            throw new SnapshotStorageException("layers in " + directory + " cannot be written: " + e.getMessage(), e);
        }
    }

    private void fill(Path target, Layer layer, InputStream blob, Progress progress) throws IOException {
        try (var snapshots = Directory.open(directory)) {
            var name = RawPath.of(target.getFileName().toString());
            snapshots.makeDirectory(name, 0755);
            try (var to = snapshots.directory(name);
                    var unpacker = new LayerUnpacker(to, limits)) {
                unpack(layer, blob, unpacker, progress);
            }
        } catch (LinuxException e) {
            throw explained(layer, e, "", 0);
        }
    }

    private void unpack(Layer layer, InputStream blob, LayerUnpacker unpacker, Progress progress) throws IOException {
        var counted = new CountedStream(blob, layer, progress);
        try (var content = new MeteredStream(new ReadAhead(Compression.uncompress(counted)), counted::count, limits)) {
            unpacker.unpack(content);
            var actual = content.finish();
            if (!actual.equals(layer.diffId())) {
                throw new WrongDigestException("uncompressed layer " + layer.blob(), layer.diffId(), actual);
            }
            unpacker.size().ifPresent(bytes -> noteSize(layer.diffId(), bytes));
        } catch (LinuxException e) {
            throw explained(layer, e, at(unpacker), unpacker.missing());
        } catch (ArchiveException | EOFException e) {
            throw refused(layer, e, at(unpacker));
        }
    }

    /**
     * What has become of a layer.
     *
     * @param difference where it is not what its blob says, beginning with a path
     * @param repaired whether it is right again
     */
    public record Damaged(Digest diffId, String difference, boolean repaired) {}

    /**
     * Unpacks a layer once more and compares what is here with it. What differs is replaced, unless it is mounted: the
     * container would lose its files. Needs room for the layer a second time.
     *
     * @return what is wrong; empty when nothing is, and when the layer is not unpacked
     * @throws IOException when that cannot be found out, because its blob is missing or bad for example
     */
    public Optional<Damaged> verify(Layer layer) throws IOException {
        var diffId = layer.diffId();
        try (var _ = lock(diffId)) {
            if (!has(diffId)) {
                return Optional.empty();
            }
            var again = AtomicFiles.temporaryBeside(path(diffId));
            try (var blob = blobs.open(layer.blob())) {
                fill(again, layer, blob, Progress.NONE);
                var difference = difference(again, path(diffId));
                return difference.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new Damaged(diffId, difference.get(), replace(diffId, again)));
            } finally {
                if (Files.exists(again)) {
                    remove(again);
                }
            }
        }
    }

    private static Optional<String> difference(Path expected, Path actual) throws IOException {
        try (var should = Directory.open(expected);
                var is = Directory.open(actual)) {
            return new TreeComparison().difference(should, is);
        }
    }

    private boolean replace(Digest diffId, Path again) throws IOException {
        if (isMounted(path(diffId), mounts())) {
            return false;
        }
        sync.run();
        var old = AtomicFiles.temporaryBeside(path(diffId));
        AtomicFiles.publish(path(diffId), old);
        AtomicFiles.publish(again, path(diffId));
        // Somebody may have mounted it in between: whichever it was, cleanUp removes the old one later.
        if (!isMounted(path(diffId), mounts())) {
            remove(old);
        }
        return true;
    }

    private static List<String> mounts() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mountinfo"));
    }

    private static String at(LayerUnpacker unpacker) {
        return unpacker.current().isEmpty() ? "" : " at " + unpacker.current();
    }

    private static UnpackException refused(Layer layer, IOException e, String at) {
        return new UnpackException("layer " + layer.blob() + " is refused" + at + ": " + e.getMessage(), e);
    }

    private IOException explained(Layer layer, LinuxException e, String at, long missing) throws IOException {
        if (e.errno() == Errno.ENOSPC || e.errno() == Errno.EDQUOT) {
            return new SnapshotStorageException(
                    "no space left to unpack layer " + layer.blob() + " in " + directory + at + " ("
                            + Files.getFileStore(directory).getUsableSpace() + " bytes are free"
                            + (missing > 0 ? ", this file alone needs " + missing + " more bytes" : "")
                            + "); make room there and try again",
                    e);
        }
        return OF_THE_HOST.contains(e.errno())
                ? new SnapshotStorageException(
                        "layer " + layer.blob() + " cannot be unpacked" + at + ": " + e.getMessage(), e)
                : refused(layer, e, at);
    }

    /**
     * What a step has changed.
     *
     * @param upper of its overlay, which is not mounted any more; below the state root, so that it can become the
     *     unpacked layer by a rename. Whatever happens, it is not the caller's afterwards
     * @param below the unpacked layers that it lies over, top layer first
     * @param mountPoints paths from the root where something was mounted meanwhile: nothing there is of the layer
     * @param newest times after it are set to it; as they are when empty
     */
    public record Change(Path upper, List<Path> below, Set<RawPath> mountPoints, Optional<Instant> newest) {
        public Change {
            below = List.copyOf(below);
            mountPoints = Set.copyOf(mountPoints);
        }
    }

    /**
     * Makes a layer of a change: its archive becomes a blob, and the upper directory the unpacked layer, without being
     * unpacked again. The same change is the same layer, whenever and wherever it is made. Killed anywhere, there is
     * the whole layer or none. What there is stays while it is young, or as long as something refers to it.
     *
     * @throws UnpackException when a file cannot be in a layer
     */
    public Layer commit(Change change) throws IOException {
        try (var blob = blobs.create()) {
            LayerDiff.Result result;
            try (var upper = Directory.open(change.upper());
                    var below = change.below().isEmpty() ? null : look(change.below());
                    var diff = new LayerDiff(blob.stream(), change.mountPoints(), change.newest())) {
                result = diff.write(upper, Optional.ofNullable(below));
            } catch (ArchiveException e) {
                throw new UnpackException("no layer can be made: " + e.getMessage(), e);
            }
            var diffId = blob.finish();
            var layer = new Layer(diffId, diffId, MediaType.OCI_LAYER, blob.size(), List.of());
            if (result.few().isPresent()) {
                sync(change.upper(), result.few().get());
                blob.publish(diffId);
            } else {
                // One call for both, where they lie together: content and directory.
                sync.run();
                if (isOnOneFileSystem()) {
                    blob.publishSynced(diffId);
                } else {
                    blob.publish(diffId);
                }
            }
            adopt(layer, change.upper());
            noteSize(diffId, result.bytes());
            return layer;
        } finally {
            if (Files.exists(change.upper(), LinkOption.NOFOLLOW_LINKS)) {
                remove(change.upper());
            }
        }
    }

    /** These alone: a sync of the file system would also wait for all that others have written to it. */
    private void sync(Path tree, List<RawPath> paths) throws IOException {
        try (var root = Directory.open(tree)) {
            for (var path : paths.reversed()) {
                try (var file = root.fileInRoot(path)) {
                    file.sync();
                }
            }
            root.sync();
        } catch (LinuxException e) {
            throw new SnapshotStorageException("layers in " + directory + " cannot be written: " + e.getMessage(), e);
        }
    }

    private boolean isOnOneFileSystem() throws IOException {
        try (var here = Directory.open(directory);
                var there = Directory.open(blobs.directory())) {
            return here.status(HERE).orElseThrow().fileSystem()
                    == there.status(HERE).orElseThrow().fileSystem();
        }
    }

    private void adopt(Layer layer, Path upper) throws IOException {
        try (var _ = lock(layer.diffId())) {
            if (touch(layer.diffId())) {
                return;
            }
            AtomicFiles.publish(upper, path(layer.diffId()));
        } catch (AtomicMoveNotSupportedException e) {
            // It was made on another file system.
            unpack(layer, Progress.NONE);
        }
    }

    /**
     * Opens what layers show together, read-only; closing it takes the mount away.
     *
     * @param layers unpacked, top layer first, at least one
     */
    public Directory look(List<Path> layers) throws IOException {
        return new Extraction(root, this::remove).look(layers);
    }

    private void remove(Path tree) throws IOException {
        try (var parent = Directory.open(Objects.requireNonNull(tree.getParent(), "a tree lies somewhere"))) {
            parent.removeTree(RawPath.of(tree.getFileName().toString()));
        }
    }

    private Flock lock(Digest diffId) throws IOException {
        return Flock.exclusive(root.lock("layer/" + diffId.hex()));
    }

    /**
     * Writes the image's files into a new directory, as a container would see them: whiteouts are applied and not
     * there. All of it or, after a failure, nothing.
     *
     * @param target must not exist, or be an empty directory
     * @throws java.nio.file.FileAlreadyExistsException when it is something else
     */
    public void extract(Image image, Path target, Progress progress) throws IOException {
        new Extraction(root, this::remove).extract(unpack(image, progress), target);
    }

    /**
     * Bytes of the files of a layer, as far as it is unpacked.
     *
     * @return empty when it is not
     */
    public OptionalLong size(Digest diffId) throws IOException {
        try {
            return OptionalLong.of(
                    Long.parseLong(Files.readString(sizeFile(diffId)).strip()));
        } catch (NoSuchFileException | NumberFormatException e) {
            // Not unpacked, or by a Lockstep that did not note it.
        }
        if (Files.notExists(path(diffId))) {
            return OptionalLong.empty();
        }
        var bytes = TreeSize.of(path(diffId));
        noteSize(diffId, bytes);
        return OptionalLong.of(bytes);
    }

    /** Only a cache, so a failure is none. */
    private void noteSize(Digest diffId, long bytes) {
        if (root.access() == Root.Access.READ) {
            return;
        }
        try {
            AtomicFiles.writeVolatile(sizeFile(diffId), Long.toString(bytes).getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            LOG.debug("the size of layer {} is not noted", diffId, e);
        }
    }

    /** Not in the layer: there a container would see it. */
    private Path sizeFile(Digest diffId) {
        return sizes.resolve(diffId.hex());
    }

    /** Removes what a crash left half unpacked. Safe at any time: what somebody is unpacking is locked. */
    public void cleanUp() throws IOException {
        new Unfinished(root, this::remove).removeDead();
        try (var all = Files.list(directory)) {
            for (var tree : (Iterable<Path>) all::iterator) {
                var unfinished = UNFINISHED.matcher(tree.getFileName().toString());
                if (unfinished.matches()) {
                    removeUnlocked(tree, new Digest(unfinished.group(1)));
                }
            }
        }
    }

    private void removeUnlocked(Path tree, Digest diffId) throws IOException {
        try (var lock = Flock.tryExclusive(root.lock("layer/" + diffId.hex())).orElse(null)) {
            // One that was replaced under a container's feet stays as long as the container may need it.
            if (lock != null && !isMounted(path(diffId), mounts())) {
                remove(tree);
            }
        }
    }

    /** Diff ids of all layers that are unpacked. */
    public Set<Digest> all() throws IOException {
        try (var all = Files.list(directory)) {
            return all.map(layer -> layer.getFileName().toString())
                    .filter(name -> HEX.matcher(name).matches())
                    .map(Digest::new)
                    .collect(Collectors.toUnmodifiableSet());
        }
    }

    /** Whether the layer is unpacked. */
    public boolean has(Digest diffId) {
        return Files.isDirectory(path(diffId));
    }

    /**
     * What was removed.
     *
     * @param layers number of layers
     * @param bytes that their files had
     * @param held bytes of layers that nobody is known to need and that stay for those who hold a lease
     */
    public record Collected(int layers, long bytes, long held) {}

    /**
     * Removes layers that nobody needs and that are not mounted.
     *
     * @param inUse diff ids of the layers that images and containers need
     * @param dropped those that go at once; others are left alone for an hour
     * @param since what was unpacked, or asked for and found, since then stays
     */
    public Collected collect(Set<Digest> inUse, Set<Digest> dropped, Optional<Instant> since) throws IOException {
        new Unfinished(root, this::remove).removeDead();
        var mounts = mounts();
        var removed = 0;
        var bytes = 0L;
        var held = 0L;
        try (var all = Files.list(directory)) {
            for (var layer : (Iterable<Path>) all::iterator) {
                var name = layer.getFileName().toString();
                if (!HEX.matcher(name).matches() || inUse.contains(new Digest(name)) || isMounted(layer, mounts)) {
                    continue;
                }
                var diffId = new Digest(name);
                var size = size(diffId).orElse(0);
                if (since.isPresent() && !changed(layer).isBefore(since.get())) {
                    held += size;
                } else if (remove(layer, diffId, dropped.contains(diffId), since)) {
                    removed++;
                    bytes += size;
                }
            }
        }
        return new Collected(removed, bytes, held);
    }

    /**
     * Below an overlay, or alone as a bind mount (proc_pid_mountinfo(5): its fourth field). Another root's layer of the
     * same digest is another one.
     */
    private boolean isMounted(Path layer, List<String> mounts) {
        var ending = "/snapshots/" + layer.getFileName();
        return mounts.stream()
                .anyMatch(line -> line.contains(layer.toString())
                        // With other ids, through a mount below the run root that is gone by now.
                        || line.contains(root.run().toString()) && line.contains(ending)
                        || line.split(" ", 5)[3].endsWith(ending));
    }

    private boolean remove(Path layer, Digest diffId, boolean atOnce, Optional<Instant> since) throws IOException {
        try (var lock = Flock.tryExclusive(root.lock("layer/" + diffId.hex())).orElse(null)) {
            // Looked at again under the lock: somebody may have found it here since.
            if (lock == null
                    || !atOnce && isYoung(layer)
                    || since.isPresent() && !changed(layer).isBefore(since.get())) {
                return false;
            }
            var temporary = AtomicFiles.temporaryBeside(layer);
            AtomicFiles.publish(layer, temporary);
            remove(temporary);
            Files.deleteIfExists(sizeFile(diffId));
            return true;
        } catch (FileSystemException e) {
            if (e instanceof NoSuchFileException) {
                return false;
            }
            throw e;
        }
    }

    private boolean isYoung(Path layer) throws IOException {
        return changed(layer).isAfter(clock.instant().minus(YOUNG));
    }

    private static Instant changed(Path layer) throws IOException {
        return ((FileTime) Files.getAttribute(layer, "unix:ctime")).toInstant();
    }
}
