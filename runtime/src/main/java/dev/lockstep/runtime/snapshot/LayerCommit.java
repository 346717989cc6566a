package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.archive.ArchiveException;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Makes layers of what steps have changed. */
final class LayerCommit {
    private final LayerDirectories layers;
    private final BlobStore blobs;
    private final Snapshots snapshots;

    LayerCommit(LayerDirectories layers, BlobStore blobs, Snapshots snapshots) {
        this.layers = layers;
        this.blobs = blobs;
        this.snapshots = snapshots;
    }

    /** As {@link Snapshots#commit}. */
    Layer commit(Snapshots.Change change) throws IOException {
        try (var blob = blobs.create()) {
            LayerDiff.Result result;
            try (var upper = Directory.open(change.upper());
                    var below = change.below().isEmpty() ? null : snapshots.look(change.below());
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
                layers.sync();
                if (layers.isOnOneFileSystem(blobs.directory())) {
                    blob.publishSynced(diffId);
                } else {
                    blob.publish(diffId);
                }
            }
            adopt(layer, change.upper());
            layers.noteSize(diffId, result.bytes());
            return layer;
        } finally {
            if (Files.exists(change.upper(), LinkOption.NOFOLLOW_LINKS)) {
                LayerDirectories.remove(change.upper());
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
            throw new SnapshotStorageException(
                    "layers in " + layers.directory() + " cannot be written: " + e.getMessage(), e);
        }
    }

    private void adopt(Layer layer, Path upper) throws IOException {
        try (var _ = layers.lock(layer.diffId())) {
            if (layers.touch(layer.diffId())) {
                return;
            }
            AtomicFiles.publish(upper, layers.path(layer.diffId()));
        } catch (AtomicMoveNotSupportedException e) {
            // It was made on another file system.
            snapshots.unpack(List.of(layer), Progress.NONE);
        }
    }
}
