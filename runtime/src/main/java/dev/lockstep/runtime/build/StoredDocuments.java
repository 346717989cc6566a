package dev.lockstep.runtime.build;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes configurations and manifests into the store. */
final class StoredDocuments {
    private final ImageStore images;

    StoredDocuments(ImageStore images) {
        this.images = images;
    }

    /** Puts a manifest of that configuration and those layers there, whose blobs are there. */
    Descriptor image(ObjectNode config, List<Layer> layers, Map<String, String> annotations) throws IOException {
        return manifest(MediaType.OCI_MANIFEST, put(MediaType.OCI_CONFIG, config), layers, annotations);
    }

    /** The same with a configuration that is there. */
    Descriptor manifest(String type, Descriptor config, List<Layer> layers, Map<String, String> annotations)
            throws IOException {
        var manifest = images.json().createObjectNode().put("schemaVersion", 2).put("mediaType", type);
        describe(manifest.putObject("config"), config);
        var list = manifest.putArray("layers");
        layers.forEach(layer -> describe(list.addObject(), layer.descriptor()));
        if (!annotations.isEmpty()) {
            new TreeMap<>(annotations).forEach(manifest.putObject("annotations")::put);
        }
        return put(type, manifest);
    }

    private static void describe(ObjectNode into, Descriptor descriptor) {
        into.put("mediaType", descriptor.mediaType())
                .put("digest", descriptor.digest().toString())
                .put("size", descriptor.size());
    }

    /** Puts a document there. */
    Descriptor put(String type, ObjectNode document) throws IOException {
        var bytes = images.json().writeValueAsBytes(document);
        var digest = BlobStore.digest(bytes);
        images.blobs().put(digest, bytes);
        return new Descriptor(type, digest, bytes.length);
    }
}
