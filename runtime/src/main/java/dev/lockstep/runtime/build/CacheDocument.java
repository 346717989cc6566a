package dev.lockstep.runtime.build;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Results of steps as a document that goes from host to host. It has the form of BuildKit's: a manifest whose layers
 * are those of the steps, and a configuration that says which step made which. Our keys are not BuildKit's, and so the
 * configuration has a media type of its own: registries keep it, and other builders see that it is not theirs. In an
 * image the same stands in a field of its configuration.
 *
 * <p>What is read was written by a stranger. A key is a digest of all that a step depends on, so a record says nothing
 * of any other step; what a layer is said to be is verified when it comes.
 */
final class CacheDocument {
    /** Of the configuration. */
    static final String TYPE = "application/vnd.lockstep.buildcache.v1+json";

    /** The field in an image's configuration. */
    static final String INLINE = "dev.lockstep.buildcache.v1";

    private static final String BUILDKIT = "application/vnd.buildkit.cacheconfig.";

    private static final String BUILDKIT_INLINE = "moby.buildkit.cache.v0";
    private static final String OF_BUILDKIT = "it is a cache of BuildKit, whose keys mean nothing here";

    private final JsonMapper json;

    CacheDocument(JsonMapper json) {
        this.json = json;
    }

    /** What is no cache, or none of ours. */
    static final class ForeignException extends IOException {
        private static final long serialVersionUID = 1;

        ForeignException(String message) {
            super(message);
        }
    }

    /**
     * The configuration.
     *
     * @param steps in whatever order
     * @param layers that the manifest has, in its order
     */
    ObjectNode write(List<DoneStep> steps, List<Layer> layers) {
        var document = json.createObjectNode();
        var diffIds = document.putArray("layers");
        layers.forEach(layer -> diffIds.add(layer.diffId().toString()));
        document.set("steps", steps(steps, layers));
        return document;
    }

    /** Those steps whose layers are among these. */
    JsonNode steps(List<DoneStep> steps, List<Layer> layers) {
        var numbers = new HashMap<Digest, Integer>();
        for (var i = 0; i < layers.size(); i++) {
            numbers.putIfAbsent(layers.get(i).diffId(), i);
        }
        var sorted = new TreeMap<String, DoneStep>();
        steps.stream()
                .filter(step -> numbers.containsKey(step.result().layer().diffId()))
                .forEach(step -> sorted.put(step.key().hex(), step));
        var list = json.createArrayNode();
        sorted.forEach((key, step) -> list.addObject()
                .put("key", key)
                .put("layer", numbers.get(step.result().layer().diffId()))
                .put("created", step.result().created().toString()));
        return list;
    }

    /** The configuration that a manifest names, and whether it is an image's. */
    record Named(Digest digest, long size, boolean image) {}

    /** Finds the configuration of a cache, or of an image, in its manifest. */
    Named config(byte[] manifest) throws IOException {
        var document = tree(manifest);
        var config = document.path("config");
        var type = config.path("mediaType").asText("");
        if (type.startsWith(BUILDKIT) || mentions(document.path("manifests"))) {
            throw new ForeignException(OF_BUILDKIT);
        }
        var image = type.equals(MediaType.OCI_CONFIG) || type.equals(MediaType.DOCKER_CONFIG);
        if (!image && !type.equals(TYPE)) {
            throw new ForeignException("it is neither a build cache nor an image");
        }
        return new Named(digest(config, "digest"), config.path("size").asLong(-1), image);
    }

    private static boolean mentions(JsonNode manifests) {
        for (var entry : manifests) {
            if (entry.path("mediaType").asText("").startsWith(BUILDKIT)) {
                return true;
            }
        }
        return false;
    }

    /**
     * What steps have made.
     *
     * @param manifest whose {@link #config} was asked
     */
    Map<StepKey, StepResult> read(byte[] manifest, Named named, byte[] config) throws IOException {
        var document = tree(config);
        var diffIds = named.image() ? document.path("rootfs").path("diff_ids") : document.path("layers");
        var steps = named.image() ? document.path(INLINE) : document.path("steps");
        if (named.image() && steps.isMissingNode() && document.has(BUILDKIT_INLINE)) {
            throw new ForeignException(OF_BUILDKIT);
        }
        if (named.image() && steps.isMissingNode()) {
            throw new ForeignException(
                    "it is an image without a build cache in it: build it with --cache-to" + " type=inline");
        }
        var layers = layers(tree(manifest).path("layers"), diffIds);
        var read = new LinkedHashMap<StepKey, StepResult>();
        for (var step : steps) {
            var number = step.path("layer").asInt(-1);
            if (number < 0 || number >= layers.size()) {
                throw new ForeignException("its steps name layers that it has not got");
            }
            if (layers.get(number).isPresent()) {
                read.put(
                        new StepKey(
                                digest("sha256:" + step.path("key").asText("")).hex()),
                        new StepResult(
                                layers.get(number).get(),
                                time(step.path("created").asText(""))));
            }
        }
        return read;
    }

    private static List<Optional<Layer>> layers(JsonNode descriptors, JsonNode diffIds) throws ForeignException {
        if (descriptors.size() != diffIds.size()) {
            throw new ForeignException("its manifest and its configuration do not belong together");
        }
        var layers = new ArrayList<Optional<Layer>>();
        for (var i = 0; i < descriptors.size(); i++) {
            var entry = descriptors.get(i);
            var type = entry.path("mediaType").asText("");
            var size = entry.path("size").asLong(-1);
            if (size < 0) {
                throw new ForeignException("a layer has no size");
            }
            var layer = new Layer(digest(entry, "digest"), digest(diffIds.get(i).asText("")), type, size, List.of());
            // A registry need not have it, and whoever else is said to is not asked.
            layers.add(layer.isForeign() ? Optional.empty() : Optional.of(layer));
        }
        return layers;
    }

    private JsonNode tree(byte[] bytes) throws ForeignException {
        try {
            return json.readTree(bytes);
        } catch (IOException e) {
            throw new ForeignException("it is no JSON");
        }
    }

    private static Digest digest(JsonNode entry, String field) throws ForeignException {
        return digest(entry.path(field).asText(""));
    }

    private static Digest digest(String text) throws ForeignException {
        try {
            return Digest.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ForeignException("\"" + text + "\" is no digest");
        }
    }

    private static Instant time(String text) throws ForeignException {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new ForeignException("a step's time is none");
        }
    }
}
