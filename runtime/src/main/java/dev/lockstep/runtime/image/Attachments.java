package dev.lockstep.runtime.image;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Statements about images, kept beside them as manifests that name the image as their subject (OCI image specification,
 * "Image Manifest", {@code subject}). The root {@code attached.HEX} keeps those about one image, and goes with it.
 */
public final class Attachments {
    private static final String PREFIX = "attached.";
    private static final byte[] EMPTY = "{}".getBytes(StandardCharsets.UTF_8);

    private final ImageStore images;

    Attachments(ImageStore images) {
        this.images = images;
    }

    /**
     * A statement about an image.
     *
     * @param manifest that names the image
     * @param artifactType what sort of thing it is
     * @param content what the manifest names, configuration and layers
     */
    public record Attached(
            Descriptor manifest, String artifactType, Map<String, String> annotations, List<Descriptor> content) {
        public Attached {
            annotations = Collections.unmodifiableMap(new TreeMap<>(annotations));
            content = List.copyOf(content);
        }
    }

    /**
     * Attaches a document. What was attached before with the same annotations is replaced.
     *
     * @param subject manifest of the image, which is here
     * @param mediaType of the document
     * @param annotations of the manifest and of its layer: what registries show in their lists
     */
    public Attached attach(
            Digest subject, String artifactType, String mediaType, byte[] document, Map<String, String> annotations)
            throws IOException {
        var empty = put(MediaType.EMPTY, EMPTY);
        var layer = put(mediaType, document);
        var manifest = images.json()
                .createObjectNode()
                .put("schemaVersion", 2)
                .put("mediaType", MediaType.OCI_MANIFEST)
                .put("artifactType", artifactType);
        describe(manifest.putObject("config"), empty);
        var entry = manifest.putArray("layers").addObject();
        describe(entry, layer);
        annotate(entry, annotations);
        describe(manifest.putObject("subject"), images.describe(subject));
        annotate(manifest, annotations);
        var described = put(MediaType.OCI_MANIFEST, images.json().writeValueAsBytes(manifest));
        var attached = new Attached(described, artifactType, annotations, List.of(empty, layer));
        var digests = new HashSet<Digest>();
        digests.add(described.digest());
        for (var other : of(subject)) {
            if (!other.artifactType().equals(artifactType)
                    || !other.annotations().equals(annotations)) {
                digests.add(other.manifest().digest());
            }
        }
        images.roots().register(PREFIX + subject.hex(), Set.copyOf(digests));
        return attached;
    }

    private Descriptor put(String type, byte[] content) throws IOException {
        var digest = BlobStore.digest(content);
        images.blobs().put(digest, content);
        return new Descriptor(type, digest, content.length);
    }

    private static void describe(ObjectNode into, Descriptor descriptor) {
        into.put("mediaType", descriptor.mediaType())
                .put("digest", descriptor.digest().toString())
                .put("size", descriptor.size());
    }

    private static void annotate(ObjectNode into, Map<String, String> annotations) {
        if (!annotations.isEmpty()) {
            new TreeMap<>(annotations).forEach(into.putObject("annotations")::put);
        }
    }

    /** What is attached to that manifest here, in an order of its own; what is damaged is left out. */
    public List<Attached> of(Digest subject) throws IOException {
        var all = new ArrayList<Attached>();
        for (var digest : images.roots().of(PREFIX + subject.hex())) {
            if (images.blobs().has(digest)) {
                find(digest).ifPresent(all::add);
            }
        }
        all.sort(Comparator.comparing(
                        (Attached attached) -> attached.annotations().values().toString())
                .thenComparing(attached -> attached.manifest().digest().hex()));
        return List.copyOf(all);
    }

    /** What a manifest that is about no image says; empty when it is damaged. */
    Optional<Attached> find(Digest digest) throws IOException {
        try {
            return Optional.of(read(digest));
        } catch (WrongDigestException | JsonProcessingException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private Attached read(Digest digest) throws IOException {
        var bytes = images.blobs().read(digest);
        var manifest = images.json().readTree(bytes);
        var content = new ArrayList<Descriptor>();
        content.add(descriptor(manifest.path("config")));
        manifest.path("layers").forEach(layer -> content.add(descriptor(layer)));
        var annotations = new TreeMap<String, String>();
        manifest.path("annotations")
                .properties()
                .forEach(entry ->
                        annotations.put(entry.getKey(), entry.getValue().asText()));
        return new Attached(
                new Descriptor(MediaType.OCI_MANIFEST, digest, bytes.length),
                manifest.path("artifactType").asText(""),
                annotations,
                content);
    }

    /** Written by us: what is wrong with it has been found by its digest. */
    private static Descriptor descriptor(JsonNode entry) {
        return new Descriptor(
                entry.path("mediaType").asText(""),
                Digest.parse(entry.path("digest").asText("")),
                entry.path("size").asLong());
    }

    /** Lets go of what is about images that are gone. */
    public void tidy() throws IOException {
        for (var name : images.roots().all().keySet()) {
            if (name.startsWith(PREFIX) && !images.blobs().has(new Digest(name.substring(PREFIX.length())))) {
                images.roots().remove(name);
            }
        }
    }
}
