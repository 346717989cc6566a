package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.ParallelLayers;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.WrongDigestException;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Unpacked layers, {@code snapshots/HEX} by diff id, and overlays of them. A layer is unpacked once, under a name that
 * nobody uses, synced and then renamed: what has its proper name is whole. Layers that are the same below different
 * others are shared, since an overlay does not care.
 */
public final class Snapshots implements LayerIntake {
    private static final int AT_ONCE = 2;

    private final Root root;
    private final BlobStore blobs;
    private final LayerDirectories layers;
    private final LayerFilling filling;
    private final LayerCommit commits;
    private final LayerVerification verification;
    private final LayerCollection collection;

    public Snapshots(Root root, BlobStore blobs, UnpackLimits limits, InstantSource clock) throws IOException {
        this.root = root;
        this.blobs = blobs;
        this.layers = new LayerDirectories(root);
        this.filling = new LayerFilling(layers, limits);
        this.commits = new LayerCommit(layers, blobs, this);
        this.verification = new LayerVerification(layers, blobs, filling);
        this.collection = new LayerCollection(root, layers, clock);
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
     * @param wanted bottom layer first
     */
    public List<Path> unpack(List<Layer> wanted, Progress progress) throws IOException {
        var missing = new ArrayList<Layer>();
        for (var layer : new LinkedHashSet<>(wanted)) {
            if (layers.find(layer.diffId())) {
                progress.report(Progress.Step.PRESENT, layer.blob(), layer.size(), layer.size());
            } else {
                missing.add(layer);
            }
        }
        ParallelLayers.forEach(missing, AT_ONCE, layer -> unpack(layer, progress));
        return wanted.reversed().stream()
                .map(layer -> layers.path(layer.diffId()))
                .toList();
    }

    private void unpack(Layer layer, Progress progress) throws IOException {
        try (var blob = blobs.open(layer.blob());
                var taken = take(layer, blob, progress)) {
            taken.keep();
        }
    }

    @Override
    public boolean wants(Layer layer) throws IOException {
        return !layers.touch(layer.diffId());
    }

    /**
     * {@inheritDoc} Waits while another process unpacks it.
     *
     * @throws SnapshotStorageException when there is no space, or the disk fails; nothing of it is left
     */
    @Override
    public Taken take(Layer layer, InputStream blob, Progress progress) throws IOException {
        var taken = new Unpacked(layer, progress, layers.lock(layer.diffId()));
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
            this.temporary = AtomicFiles.temporaryBeside(layers.path(layer.diffId()));
        }

        void unpack(InputStream blob) throws IOException {
            there = layers.touch(layer.diffId());
            if (!there) {
                filling.fill(temporary, layer, blob, progress);
            }
        }

        @Override
        public void keep() throws IOException {
            if (there) {
                progress.report(Progress.Step.PRESENT, layer.blob(), layer.size(), layer.size());
                return;
            }
            layers.sync();
            AtomicFiles.publish(temporary, layers.path(layer.diffId()));
            there = true;
            progress.report(Progress.Step.UNPACK, layer.blob(), layer.size(), layer.size());
        }

        @Override
        public void close() throws IOException {
            try (lock) {
                if (!there) {
                    LayerDirectories.remove(temporary);
                }
            }
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
        return verification.verify(layer);
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
        return commits.commit(change);
    }
    /**
     * Opens what layers show together, read-only; closing it takes the mount away.
     *
     * @param layers unpacked, top layer first, at least one
     */
    public Directory look(List<Path> layers) throws IOException {
        return new Extraction(root, LayerDirectories::remove).look(layers);
    }
    /**
     * Writes the image's files into a new directory, as a container would see them: whiteouts are applied and not
     * there. All of it or, after a failure, nothing.
     *
     * @param target must not exist, or be an empty directory
     * @throws java.nio.file.FileAlreadyExistsException when it is something else
     */
    public void extract(Image image, Path target, Progress progress) throws IOException {
        new Extraction(root, LayerDirectories::remove).extract(unpack(image, progress), target);
    }

    /**
     * Bytes of the files of a layer, as far as it is unpacked.
     *
     * @return empty when it is not
     */
    public OptionalLong size(Digest diffId) throws IOException {
        return layers.size(diffId);
    }

    /** Removes what a crash left half unpacked. Safe at any time: what somebody is unpacking is locked. */
    public void cleanUp() throws IOException {
        collection.cleanUp();
    }
    /** Diff ids of all layers that are unpacked. */
    public Set<Digest> all() throws IOException {
        return layers.all();
    }

    /** Whether the layer is unpacked. */
    public boolean has(Digest diffId) {
        return layers.has(diffId);
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
        return collection.collect(inUse, dropped, since);
    }
}
