package dev.lockstep.runtime.image;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a registry keeps under a tag: a manifest, or an index of manifests for several platforms. */
public sealed interface Document {
    /** One image for one platform. */
    record Manifest(Descriptor config, List<Descriptor> layers) implements Document {
        public Manifest {
            layers = List.copyOf(layers);
        }
    }

    /** Manifests to choose from. */
    record Index(List<Descriptor> manifests) implements Document {
        public Index {
            manifests = List.copyOf(manifests);
        }

        /** The manifest for {@code platform}: attestations are left out, the first among equals wins. */
        public Optional<Descriptor> pick(Platform platform) {
            return platform.pick(manifests);
        }
    }

    /**
     * Reads a manifest or an index.
     *
     * @param declared media type by which it was delivered or described; the one inside, if any, must agree, because a
     *     document that is read as one kind here and as another elsewhere names two images by one digest
     * @throws InvalidImageException with a sentence that names the document
     */
    static Document parse(JsonMapper json, byte[] bytes, Optional<String> declared, Digest digest)
            throws InvalidImageException {
        var root = JsonReader.of(json, bytes, "manifest " + digest.abbreviated());
        var inside = root.text("mediaType").filter(t -> !t.isEmpty());
        // Registries deliver "text/plain" and the like too: then the document speaks for itself.
        var outside = declared.filter(t -> MediaType.isIndex(t) || MediaType.isManifest(t) || MediaType.isSchema1(t));
        if (inside.isPresent() && outside.isPresent() && !inside.get().equals(outside.get())) {
            throw root.invalid("mediaType", "is " + inside.get() + ", but it is described as " + outside.get());
        }
        var schema = root.number("schemaVersion");
        var type = inside.or(() -> outside);
        if (schema.equals(Optional.of(1L)) || type.map(MediaType::isSchema1).orElse(false)) {
            throw root.invalid(
                    "schemaVersion", "is 1: such images are not supported; push the image again with a current tool");
        }
        if (!schema.equals(Optional.of(2L))) {
            throw root.invalid("schemaVersion", "must be 2");
        }
        if (root.has("manifests") && (root.has("layers") || root.has("config"))) {
            throw root.invalid("manifests", "and layers in one document are ambiguous");
        }
        var isIndex = type.map(MediaType::isIndex).orElse(root.has("manifests"));
        if (!isIndex && !type.map(MediaType::isManifest).orElse(true)) {
            throw root.invalid("mediaType", type.orElseThrow() + " is not a container image");
        }
        return isIndex ? index(root) : manifest(root);
    }

    private static Index index(JsonReader root) throws InvalidImageException {
        var manifests = new ArrayList<Descriptor>();
        for (var entry : root.objects("manifests")) {
            manifests.add(descriptor(entry));
        }
        return new Index(manifests);
    }

    private static Manifest manifest(JsonReader root) throws InvalidImageException {
        var config = descriptor(root.requiredObject("config"));
        if (!MediaType.isConfig(config.mediaType())) {
            throw root.invalid("config", "is " + config.mediaType() + ": this is not a container image");
        }
        var layers = new ArrayList<Descriptor>();
        for (var entry : root.objects("layers")) {
            var layer = descriptor(entry);
            if (!MediaType.isLayer(layer.mediaType())) {
                throw entry.invalid("mediaType", layer.mediaType() + " is not supported");
            }
            layers.add(layer);
        }
        return new Manifest(config, layers);
    }

    /** Reads one descriptor. */
    private static Descriptor descriptor(JsonReader entry) throws InvalidImageException {
        var size = entry.number("size").orElse(-1L);
        if (size < 0) {
            throw entry.invalid("size", "must be the number of bytes");
        }
        return new Descriptor(
                entry.requiredText("mediaType"),
                entry.digest("digest"),
                size,
                platform(entry),
                entry.textMap("annotations"),
                entry.texts("urls").orElse(List.of()));
    }

    /** A platform that cannot be read is one that nothing runs on: skipped, not an error. */
    private static Optional<Platform> platform(JsonReader entry) throws InvalidImageException {
        var platform = entry.object("platform");
        if (platform.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Platform(
                    platform.get().text("os").orElse(""),
                    platform.get().text("architecture").orElse(""),
                    platform.get().text("variant").filter(v -> !v.isEmpty())));
        } catch (IllegalArgumentException e) {
            return Optional.of(new Platform("unknown", "unknown", Optional.empty()));
        }
    }
}
