package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Removes layers that nobody needs, and what crashes have left of others. */
final class LayerCollection {
    /** Unused layers are left alone this long: a container may be about to be made of them. */
    private static final Duration YOUNG = Duration.ofHours(1);

    private static final Pattern UNFINISHED = Pattern.compile("\\.([0-9a-f]{64})\\..*\\.tmp");

    private final Root root;
    private final LayerDirectories layers;
    private final InstantSource clock;

    LayerCollection(Root root, LayerDirectories layers, InstantSource clock) {
        this.root = root;
        this.layers = layers;
        this.clock = clock;
    }

    /** As {@link Snapshots#cleanUp}. */
    void cleanUp() throws IOException {
        new Unfinished(root, LayerDirectories::remove).removeDead();
        try (var all = Files.list(layers.directory())) {
            for (var tree : (Iterable<Path>) all::iterator) {
                var unfinished = UNFINISHED.matcher(tree.getFileName().toString());
                if (unfinished.matches()) {
                    removeUnlocked(tree, new Digest(unfinished.group(1)));
                }
            }
        }
    }

    private void removeUnlocked(Path tree, Digest diffId) throws IOException {
        try (var lock = layers.tryLock(diffId).orElse(null)) {
            // One that was replaced under a container's feet stays as long as the container may need it.
            if (lock != null && !layers.isMounted(layers.path(diffId), LayerDirectories.mounts())) {
                LayerDirectories.remove(tree);
            }
        }
    }

    /** As {@link Snapshots#collect}. */
    Snapshots.Collected collect(Set<Digest> inUse, Set<Digest> dropped, Optional<Instant> since) throws IOException {
        new Unfinished(root, LayerDirectories::remove).removeDead();
        var mounts = LayerDirectories.mounts();
        var removed = 0;
        var bytes = 0L;
        var held = 0L;
        try (var all = Files.list(layers.directory())) {
            for (var layer : (Iterable<Path>) all::iterator) {
                var diffId = LayerDirectories.diffId(layer).orElse(null);
                if (diffId == null || inUse.contains(diffId) || layers.isMounted(layer, mounts)) {
                    continue;
                }
                var size = layers.size(diffId).orElse(0);
                if (since.isPresent() && !LayerDirectories.changed(layer).isBefore(since.get())) {
                    held += size;
                } else if (remove(layer, diffId, dropped.contains(diffId), since)) {
                    removed++;
                    bytes += size;
                }
            }
        }
        return new Snapshots.Collected(removed, bytes, held);
    }

    private boolean remove(Path layer, Digest diffId, boolean atOnce, Optional<Instant> since) throws IOException {
        try (var lock = layers.tryLock(diffId).orElse(null)) {
            // Looked at again under the lock: somebody may have found it here since.
            if (lock == null
                    || !atOnce && isYoung(layer)
                    || since.isPresent() && !LayerDirectories.changed(layer).isBefore(since.get())) {
                return false;
            }
            var temporary = AtomicFiles.temporaryBeside(layer);
            AtomicFiles.publish(layer, temporary);
            LayerDirectories.remove(temporary);
            layers.forgetSize(diffId);
            return true;
        } catch (FileSystemException e) {
            if (e instanceof NoSuchFileException) {
                return false;
            }
            throw e;
        }
    }

    private boolean isYoung(Path layer) throws IOException {
        return LayerDirectories.changed(layer).isAfter(clock.instant().minus(YOUNG));
    }
}
