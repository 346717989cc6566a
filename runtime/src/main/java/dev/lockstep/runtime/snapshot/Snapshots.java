package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.archive.Compression;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.ParallelLayers;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.WrongDigestException;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Unpacked layers, {@code snapshots/HEX} by diff id, and overlays of them. A layer is unpacked once, under a name that
 * nobody uses, synced and then renamed: what has its proper name is whole. Layers that are the same below different
 * others are shared, since an overlay does not care.
 */
public final class Snapshots {
    private static final int AT_ONCE = 2;
    /** Unused layers are left alone this long: a container may be about to be made of them. */
    private static final Duration YOUNG = Duration.ofHours(1);

    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern UNFINISHED = Pattern.compile("\\.([0-9a-f]{64})\\..*\\.tmp");
    private static final RawPath HERE = new RawPath(".");

    private final Root root;
    private final BlobStore blobs;
    private final UnpackLimits limits;
    private final InstantSource clock;
    private final Path directory;

    public Snapshots(Root root, BlobStore blobs, UnpackLimits limits, InstantSource clock) throws IOException {
        this.root = root;
        this.blobs = blobs;
        this.limits = limits;
        this.clock = clock;
        this.directory = Root.directory(root.state().resolve("snapshots"));
    }

    /**
     * Makes sure that every layer of the image is unpacked. Several processes may do that at once; each layer is
     * unpacked by one of them.
     *
     * @return the layers' directories, top layer first, as {@link #mount} wants them
     * @throws UnpackException when a layer is refused or there is no space; nothing of it is left
     * @throws WrongDigestException when a layer is not what the configuration says
     */
    public List<Path> unpack(Image image, Progress progress) throws IOException {
        var missing = new ArrayList<Layer>();
        for (var layer : new LinkedHashSet<>(image.layers())) {
            if (touch(layer.diffId())) {
                progress.report(Progress.Step.PRESENT, layer.diffId(), layer.size(), layer.size());
            } else {
                missing.add(layer);
            }
        }
        ParallelLayers.forEach(missing, AT_ONCE, layer -> unpack(layer, progress));
        return image.layers().reversed().stream()
                .map(layer -> path(layer.diffId()))
                .toList();
    }

    private Path path(Digest diffId) {
        return directory.resolve(diffId.hex());
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
        try (var _ = lock(layer.diffId())) {
            if (touch(layer.diffId())) {
                progress.report(Progress.Step.PRESENT, layer.diffId(), layer.size(), layer.size());
                return;
            }
            var temporary = AtomicFiles.temporaryBeside(path(layer.diffId()));
            var published = false;
            try {
                fill(temporary, layer, progress);
                AtomicFiles.publish(temporary, path(layer.diffId()));
                published = true;
            } finally {
                if (!published) {
                    remove(temporary);
                }
            }
            progress.report(Progress.Step.UNPACK, layer.diffId(), layer.size(), layer.size());
        }
    }

    private void fill(Path target, Layer layer, Progress progress) throws IOException {
        try (var snapshots = Directory.open(directory)) {
            var name = RawPath.of(target.getFileName().toString());
            snapshots.makeDirectory(name, 0755);
            try (var to = snapshots.directory(name);
                    var unpacker = new LayerUnpacker(to, limits)) {
                unpack(layer, unpacker, progress);
                to.syncFileSystem();
            }
        } catch (LinuxException e) {
            throw explained(layer, e, "");
        }
    }

    private void unpack(Layer layer, LayerUnpacker unpacker, Progress progress) throws IOException {
        try (var blob = new CountedStream(blobs.open(layer.blob()), layer, progress);
                var content = new MeteredStream(Compression.uncompress(blob), blob::count, limits)) {
            unpacker.unpack(content);
            var actual = content.finish();
            if (!actual.equals(layer.diffId())) {
                throw new WrongDigestException("uncompressed layer " + layer.blob(), layer.diffId(), actual);
            }
        } catch (LinuxException e) {
            throw explained(layer, e, at(unpacker));
        } catch (WrongDigestException e) {
            throw e;
        } catch (IOException e) {
            throw new UnpackException(
                    "layer " + layer.blob() + " is refused" + at(unpacker) + ": " + e.getMessage(), e);
        }
    }

    private static String at(LayerUnpacker unpacker) {
        return unpacker.current().isEmpty() ? "" : " at " + unpacker.current();
    }

    private UnpackException explained(Layer layer, LinuxException e, String at) throws IOException {
        if (e.errno() == Errno.ENOSPC || e.errno() == Errno.EDQUOT) {
            return new UnpackException(
                    "no space left to unpack layer " + layer.blob() + " in " + directory + at + " ("
                            + Files.getFileStore(directory).getUsableSpace()
                            + " bytes are free); make room there and try again",
                    e);
        }
        return new UnpackException("layer " + layer.blob() + " cannot be unpacked" + at + ": " + e.getMessage(), e);
    }

    private void remove(Path tree) throws IOException {
        try (var parent = Directory.open(directory)) {
            parent.removeTree(RawPath.of(tree.getFileName().toString()));
        }
    }

    private Flock lock(Digest diffId) throws IOException {
        return Flock.exclusive(root.lock("layer/" + diffId.hex()));
    }

    /**
     * Mounts a root file system: layers below, {@code upper} above. Makes the three directories where they are missing;
     * {@code upper} gets owner and mode of the top layer's root, because they show as those of {@code /}.
     *
     * @param layers as {@link #unpack} returns them
     * @param work an empty directory beside {@code upper}, for overlayfs alone
     */
    public void mount(List<Path> layers, Path upper, Path work, Path target) throws IOException {
        Root.directory(work);
        Root.directory(target);
        if (Files.notExists(upper)) {
            Root.directory(upper);
            try (var top = Directory.open(layers.getFirst());
                    var writable = Directory.open(upper)) {
                var status = top.status(HERE).orElseThrow(() -> new NoSuchFileException(layers.getFirst() + ""));
                writable.setOwner(HERE, status.uid(), status.gid());
                writable.setMode(HERE, status.mode());
            }
        }
        Mounts.overlay(layers, Optional.of(new Mounts.Upper(upper, work)), target);
    }

    /** Mounts the layers alone, read-only: for looking into an image. */
    public void mountReadOnly(List<Path> layers, Path target) throws IOException {
        Root.directory(target);
        Mounts.overlay(layers, Optional.empty(), target);
    }

    /** Takes such a mount away; no error when there is none. The directories stay. */
    public void unmount(Path target) throws IOException {
        Mounts.unmount(target);
    }

    /** Removes what a crash left half unpacked. Safe at any time: what somebody is unpacking is locked. */
    public void cleanUp() throws IOException {
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
            if (lock != null) {
                remove(tree);
            }
        }
    }

    /**
     * Removes layers that are not in {@code inUse}, not mounted, and older than an hour.
     *
     * @param inUse diff ids of the layers that images and containers need
     * @return how many were removed
     */
    public int collect(Set<Digest> inUse) throws IOException {
        var mounts = Files.readString(Path.of("/proc/self/mountinfo"));
        var removed = 0;
        try (var all = Files.list(directory)) {
            for (var layer : (Iterable<Path>) all::iterator) {
                var name = layer.getFileName().toString();
                if (HEX.matcher(name).matches()
                        && !inUse.contains(new Digest(name))
                        && !mounts.contains(name)
                        && removeOld(layer, new Digest(name))) {
                    removed++;
                }
            }
        }
        return removed;
    }

    private boolean removeOld(Path layer, Digest diffId) throws IOException {
        try (var lock = Flock.tryExclusive(root.lock("layer/" + diffId.hex())).orElse(null)) {
            if (lock == null || isYoung(layer)) {
                return false;
            }
            var temporary = AtomicFiles.temporaryBeside(layer);
            AtomicFiles.publish(layer, temporary);
            remove(temporary);
            return true;
        } catch (FileSystemException e) {
            if (e instanceof NoSuchFileException) {
                return false;
            }
            throw e;
        }
    }

    private boolean isYoung(Path layer) throws IOException {
        var changed = (FileTime) Files.getAttribute(layer, "unix:ctime");
        return changed.toInstant().isAfter(clock.instant().minus(YOUNG));
    }
}
