package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Finds out whether unpacked layers are what their blobs say. */
final class LayerVerification {
    private final LayerDirectories layers;
    private final BlobStore blobs;
    private final LayerFilling filling;

    LayerVerification(LayerDirectories layers, BlobStore blobs, LayerFilling filling) {
        this.layers = layers;
        this.blobs = blobs;
        this.filling = filling;
    }

    /** As {@link Snapshots#verify}. */
    Optional<Snapshots.Damaged> verify(Layer layer) throws IOException {
        var diffId = layer.diffId();
        try (var _ = layers.lock(diffId)) {
            if (!layers.has(diffId)) {
                return Optional.empty();
            }
            var again = AtomicFiles.temporaryBeside(layers.path(diffId));
            try (var blob = blobs.open(layer.blob())) {
                filling.fill(again, layer, blob, Progress.NONE);
                var difference = difference(again, layers.path(diffId));
                return difference.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new Snapshots.Damaged(diffId, difference.get(), replace(diffId, again)));
            } finally {
                if (Files.exists(again)) {
                    LayerDirectories.remove(again);
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
        if (layers.isMounted(layers.path(diffId), LayerDirectories.mounts())) {
            return false;
        }
        layers.sync();
        var old = AtomicFiles.temporaryBeside(layers.path(diffId));
        AtomicFiles.publish(layers.path(diffId), old);
        AtomicFiles.publish(again, layers.path(diffId));
        // Somebody may have mounted it in between: whichever it was, cleanUp removes the old one later.
        if (!layers.isMounted(layers.path(diffId), LayerDirectories.mounts())) {
            LayerDirectories.remove(old);
        }
        return true;
    }
}
