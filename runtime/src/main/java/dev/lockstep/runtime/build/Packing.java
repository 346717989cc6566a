package dev.lockstep.runtime.build;

import dev.lockstep.runtime.archive.Compression;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.InvalidImageException;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.ParallelLayers;
import dev.lockstep.runtime.image.WrongDigestException;
import java.io.IOException;
import java.security.DigestInputStream;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Gives images the form in which they go somewhere. A layer is compressed once: what came of it is kept like the result
 * of a step, by the layer and how it was compressed, so that the next push finds it and does nothing.
 */
public final class Packing {
    private static final int PIECE = 64 * 1024;

    private final ImageStore images;
    private final StepCache cache;
    private final Cancellation cancellation;

    Packing(ImageStore images, StepCache cache, Cancellation cancellation) {
        this.cancellation = cancellation;
        this.images = images;
        this.cache = cache;
    }

    /**
     * The image in that form, with all its content in the store but no name. Its configuration, and so its id, stays.
     * Whoever needs it holds a lease.
     *
     * @param image for one platform: of an index that one's manifest is what is packed
     */
    public Image pack(Image image, LayerForm form) throws IOException {
        if (form.equals(LayerForm.AS_IS)) {
            return image;
        }
        var packed = pack(image.layers(), form);
        var layers = image.layers().stream()
                .map(layer -> named(packed.getOrDefault(layer, layer), form))
                .toList();
        var before = images.json().readTree(images.blobs().read(image.manifest()));
        var config = config(before.path("config").path("mediaType").asText(MediaType.OCI_CONFIG), form);
        var manifest = before.path("mediaType").asText(MediaType.OCI_MANIFEST);
        if (layers.equals(image.layers())
                && form.annotations().isEmpty()
                && type(manifest, form).equals(manifest)) {
            return image;
        }
        var annotations = new TreeMap<String, String>();
        before.path("annotations")
                .properties()
                .forEach(entry ->
                        annotations.put(entry.getKey(), entry.getValue().asText()));
        annotations.putAll(form.annotations());
        var written = new StoredDocuments(images)
                .manifest(
                        type(manifest, form),
                        new Descriptor(config, image.id(), images.blobs().size(image.id())),
                        layers,
                        annotations);
        return images.find(written.digest())
                .orElseThrow(() -> new BuildException("the image that was just packed is not here whole"));
    }

    /** The layers that change, in their new form. */
    Map<Layer, Layer> pack(List<Layer> layers, LayerForm form) throws IOException {
        var packed = new ConcurrentHashMap<Layer, Layer>();
        ParallelLayers.forEach(
                new LinkedHashSet<>(layers),
                Runtime.getRuntime().availableProcessors(),
                layer -> packed.put(layer, pack(layer, form)));
        return packed;
    }

    private Layer pack(Layer layer, LayerForm form) throws IOException {
        if (form.compression().isEmpty() || layer.isForeign()) {
            return layer;
        }
        var wanted = form.compression().get();
        var has = compression(layer.mediaType());
        if (has == wanted || has != Compression.NONE && !form.force()) {
            return layer;
        }
        var key = StepKey.of("compress")
                .add(layer.diffId().toString())
                .add(wanted.name())
                .add(String.valueOf(form.level().orElse(-1)))
                .key();
        return cache.obtain(
                        key,
                        false,
                        cancellation,
                        asked -> new StepCache.Made(compress(layer, wanted, form), Optional.of(asked)))
                .result()
                .layer();
    }

    private Layer compress(Layer layer, Compression how, LayerForm form) throws IOException {
        var uncompressed = BlobStore.sha256();
        try (var blob = images.blobs().create();
                var source = new DigestInputStream(
                        Compression.uncompress(images.blobs().open(layer.blob())), uncompressed)) {
            try (var target = how.compress(blob.stream(), form.level())) {
                var buffer = new byte[PIECE];
                for (int n; (n = source.read(buffer)) >= 0; ) {
                    cancellation.check(); // some layers take minutes
                    target.write(buffer, 0, n);
                }
            }
            var actual = BlobStore.finished(uncompressed);
            if (!actual.equals(layer.diffId())) {
                throw new WrongDigestException("uncompressed layer " + layer.blob(), layer.diffId(), actual);
            }
            var digest = blob.finish();
            blob.publish(digest);
            return new Layer(digest, layer.diffId(), type(how, LayerForm.Types.OCI), blob.size(), List.of());
        }
    }

    private static Compression compression(String type) throws InvalidImageException {
        return switch (type) {
            case MediaType.OCI_LAYER, MediaType.DOCKER_LAYER -> Compression.NONE;
            case MediaType.OCI_LAYER_GZIP, MediaType.DOCKER_LAYER_GZIP -> Compression.GZIP;
            case MediaType.OCI_LAYER_ZSTD, MediaType.DOCKER_LAYER_ZSTD -> Compression.ZSTD;
            default -> throw new InvalidImageException("a layer of type " + type + " has no other form");
        };
    }

    private static String type(Compression compression, LayerForm.Types types) {
        var oci = types == LayerForm.Types.OCI;
        return switch (compression) {
            case NONE -> oci ? MediaType.OCI_LAYER : MediaType.DOCKER_LAYER;
            case GZIP -> oci ? MediaType.OCI_LAYER_GZIP : MediaType.DOCKER_LAYER_GZIP;
            case ZSTD -> oci ? MediaType.OCI_LAYER_ZSTD : MediaType.DOCKER_LAYER_ZSTD;
        };
    }

    private static Layer named(Layer layer, LayerForm form) {
        if (form.types().isEmpty() || layer.isForeign()) {
            return layer;
        }
        try {
            var type = type(compression(layer.mediaType()), form.types().get());
            return new Layer(layer.blob(), layer.diffId(), type, layer.size(), layer.urls());
        } catch (InvalidImageException e) {
            return layer;
        }
    }

    private static String config(String type, LayerForm form) {
        return form.types()
                .map(types -> types == LayerForm.Types.OCI ? MediaType.OCI_CONFIG : MediaType.DOCKER_CONFIG)
                .orElse(type);
    }

    private static String type(String manifest, LayerForm form) {
        return form.types()
                .map(types -> types == LayerForm.Types.OCI ? MediaType.OCI_MANIFEST : MediaType.DOCKER_MANIFEST)
                .orElse(manifest);
    }
}
