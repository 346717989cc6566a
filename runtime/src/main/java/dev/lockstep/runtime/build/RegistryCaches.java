package dev.lockstep.runtime.build;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Document;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.registry.RegistryClient;
import dev.lockstep.runtime.snapshot.Snapshots;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Caches in registries, and in directories. */
public final class RegistryCaches implements BuildRooms.Caches {
    private final RegistryClient registry;
    private final ImageStore images;
    private final Snapshots snapshots;

    /** Asks this client; what comes goes there. */
    public RegistryCaches(RegistryClient registry, ImageStore images, Snapshots snapshots) {
        this.registry = registry;
        this.images = images;
        this.snapshots = snapshots;
    }

    @Override
    public CacheSource open(CacheFrom from) {
        return switch (from) {
            case CacheFrom.Registry(var reference) -> source(reference);
            case CacheFrom.Local(var directory, var tag) ->
                new CacheLayout(images, directory).source(tag, snapshots::unpack);
        };
    }

    private CacheSource source(ImageReference reference) {
        return new CacheSource() {
            @Override
            public byte[] manifest() throws IOException {
                return RegistryCaches.this.manifest(reference);
            }

            @Override
            public byte[] document(Digest digest, int limit) throws IOException {
                return registry.artifacts(reference)
                        .blob(digest, limit)
                        .orElseThrow(() -> new IOException("its configuration is not in the registry"));
            }

            @Override
            public void fetch(Layer layer) throws IOException {
                registry.pullLayer(reference, layer, Progress.NONE, snapshots);
            }
        };
    }

    /** Of an image for several platforms that of this host's. */
    private byte[] manifest(ImageReference reference) throws IOException {
        var artifacts = registry.artifacts(reference);
        var name = reference.digest().map(Digest::toString).or(reference::tag).orElse("latest");
        var bytes = artifacts
                .manifest(name)
                .orElseThrow(() -> new IOException("there is no " + reference.familiar() + " in the registry"));
        if (!images.json().readTree(bytes).path("manifests").isArray()) {
            return bytes;
        }
        // What kind of list it is, Docker's or OCI's, it says itself.
        var index = Document.parse(images.json(), bytes, Optional.empty(), BlobStore.digest(bytes));
        var picked = index instanceof Document.Index of ? of.pick(images.platform()) : Optional.<Descriptor>empty();
        // A cache of BuildKit is an index of layers; who reads it says so.
        return picked.isEmpty()
                ? bytes
                : artifacts.manifest(picked.get().digest().toString()).orElse(bytes);
    }

    @Override
    public void write(ImageReference reference, Descriptor manifest, List<Descriptor> content) throws IOException {
        registry.pushArtifact(reference, manifest, content, Progress.NONE);
    }
}
