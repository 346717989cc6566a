package dev.lockstep.runtime.image;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.archive.Compression;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads the images of an archive. An archive that is an OCI layout is read as one, also where it carries Docker's
 * {@code manifest.json} too: its manifests keep their digests then. Everything is verified before anything is
 * published.
 */
final class ArchiveImport {
    /** containerd's annotation: always the full name. */
    private static final String FULL_NAME = "io.containerd.image.name";

    private static final String NAME = "org.opencontainers.image.ref.name";
    /** The annotation of what is about an image and none itself. */
    static final String ATTESTATION = "vnd.docker.reference.type";

    private static final Pattern HEX_NAME = Pattern.compile("(?:.*/)?([0-9a-f]{64})(?:\\.json|\\.tar)?");
    private static final int NESTING = 4;

    private final BlobStore blobs;
    private final JsonMapper json;
    private final Platform platform;
    private final ImageConfigParser configs;
    private final Progress progress;

    /** What will be published, in order: content first, what refers to it after it. */
    private final Map<Digest, ArchiveMembers.Member> files = new LinkedHashMap<>();

    private final Map<Digest, byte[]> made = new LinkedHashMap<>();

    ArchiveImport(BlobStore blobs, JsonMapper json, Platform platform, ImageConfigParser configs, Progress progress) {
        this.blobs = blobs;
        this.json = json;
        this.platform = platform;
        this.configs = configs;
        this.progress = progress;
    }

    /** Publishes the content and says what to write into the index. */
    List<IndexFile.Entry> fromDirectory(Path directory, Optional<ImageReference> name) throws IOException {
        try (var members = ArchiveMembers.ofDirectory(blobs, directory)) {
            return read(members, name);
        }
    }

    /** Publishes the content and says what to write into the index. */
    List<IndexFile.Entry> fromTar(InputStream source, Optional<ImageReference> name) throws IOException {
        try (var members = ArchiveMembers.ofTar(blobs, source)) {
            return read(members, name);
        }
    }

    private List<IndexFile.Entry> read(ArchiveMembers members, Optional<ImageReference> name) throws IOException {
        var index = members.find("index.json");
        var docker = members.find("manifest.json");
        List<Found> found;
        if (index.isPresent() && members.find("oci-layout").isPresent()) {
            found = layout(members, index.get());
        } else if (docker.isPresent()) {
            found = dockerArchive(members, docker.get());
        } else {
            throw new InvalidImageException(
                    members.find("repositories").isPresent()
                            ? "this archive was written by a Docker older than 1.10, and it says nothing that its content"
                                    + " could be verified by; save the image again with a newer one"
                            : "this is no image archive: it has neither index.json with oci-layout (OCI image layout)"
                                    + " nor manifest.json (docker save)");
        }
        var entries = name(found, name);
        for (var file : files.values()) {
            members.publish(file);
            progress.report(Progress.Step.IMPORT, file.digest(), file.size(), file.size());
        }
        for (var document : made.entrySet()) {
            blobs.put(document.getKey(), document.getValue());
        }
        return entries;
    }

    /** An image of the archive and the names that it has there. */
    private record Found(Descriptor target, List<ImageReference> names) {}

    private static List<IndexFile.Entry> name(List<Found> found, Optional<ImageReference> name)
            throws InvalidImageException {
        if (found.isEmpty()) {
            throw new InvalidImageException("the archive holds no image");
        }
        if (name.isPresent()) {
            if (found.stream()
                            .map(Found::target)
                            .map(Descriptor::digest)
                            .distinct()
                            .count()
                    > 1) {
                throw new InvalidImageException("the archive holds " + found.size() + " images: the name "
                        + name.get().familiar() + " can be given to one only");
            }
            return List.of(new IndexFile.Entry(name, found.getFirst().target()));
        }
        var entries = new ArrayList<IndexFile.Entry>();
        for (var image : found) {
            for (var reference : image.names()) {
                entries.add(new IndexFile.Entry(Optional.of(reference), image.target()));
            }
            if (image.names().isEmpty()) {
                entries.add(new IndexFile.Entry(Optional.empty(), image.target()));
            }
        }
        return entries;
    }

    // OCI image layout

    private List<Found> layout(ArchiveMembers members, ArchiveMembers.Member index) throws IOException {
        var layout = JsonReader.of(json, members.get("oci-layout").read(), "oci-layout of the archive");
        if (!layout.requiredText("imageLayoutVersion").startsWith("1.")) {
            throw layout.invalid("imageLayoutVersion", "must be 1.0.0");
        }
        var document = Document.parse(json, index.read(), Optional.of(MediaType.OCI_INDEX), index.digest());
        var found = new ArrayList<Found>();
        if (document instanceof Document.Index top) {
            for (var target : top.manifests()) {
                if (!target.annotations().containsKey(ATTESTATION)) {
                    take(members, target, NESTING);
                    found.add(new Found(
                            new Descriptor(target.mediaType(), target.digest(), target.size()), names(target)));
                }
            }
        }
        return found;
    }

    /** Marks a document and everything below it for publishing. */
    private void take(ArchiveMembers members, Descriptor target, int depth) throws IOException {
        var member = blob(members, target);
        var document = Document.parse(json, member.read(), Optional.of(target.mediaType()), target.digest());
        switch (document) {
            case Document.Index nested -> {
                if (depth == 0) {
                    throw new InvalidImageException("the archive nests more than " + NESTING + " indexes");
                }
                var mine = nested.pick(platform)
                        .orElseThrow(() -> new InvalidImageException(
                                "the archive's image " + target.digest().abbreviated() + " is not for " + platform));
                take(members, mine, depth - 1);
            }
            case Document.Manifest manifest -> {
                var config = blob(members, manifest.config());
                checkLayers(
                        configs.parse(config.read(), config.digest()),
                        manifest.layers().size(),
                        target.digest());
                files.put(config.digest(), config);
                for (var layer : manifest.layers()) {
                    files.put(layer.digest(), blob(members, layer));
                }
            }
        }
        files.put(member.digest(), member);
    }

    private static void checkLayers(ImageConfig config, int layers, Digest image) throws InvalidImageException {
        if (config.diffIds().size() != layers) {
            throw new InvalidImageException("image " + image.abbreviated() + " has " + layers
                    + " layers, its configuration names " + config.diffIds().size());
        }
    }

    private static ArchiveMembers.Member blob(ArchiveMembers members, Descriptor descriptor) throws IOException {
        var member = members.get("blobs/sha256/" + descriptor.digest().hex());
        if (!member.digest().equals(descriptor.digest())) {
            throw new WrongDigestException(member.name() + " of the archive", descriptor.digest(), member.digest());
        }
        if (member.size() != descriptor.size()) {
            throw new InvalidImageException(member.name() + " of the archive has " + member.size() + " bytes, "
                    + descriptor.size() + " are described");
        }
        return member;
    }

    /** The layout's own annotation may be a tag alone, and then there is no name. */
    private static List<ImageReference> names(Descriptor target) throws InvalidImageException {
        var full = target.annotations().get(FULL_NAME);
        if (full != null) {
            return List.of(reference(full));
        }
        var name = target.annotations().get(NAME);
        return name != null && (name.contains(":") || name.contains("/")) ? List.of(reference(name)) : List.of();
    }

    private static ImageReference reference(String text) throws InvalidImageException {
        try {
            return ImageReference.parse(text);
        } catch (IllegalArgumentException e) {
            throw new InvalidImageException("the archive names an image badly: " + e.getMessage(), e);
        }
    }

    // docker save

    private List<Found> dockerArchive(ArchiveMembers members, ArchiveMembers.Member manifest) throws IOException {
        var found = new ArrayList<Found>();
        for (var image : JsonReader.list(json, manifest.read(), "manifest.json of the archive")) {
            var config = members.get(ArchiveMembers.bytes(image.requiredText("Config")));
            checkName(config);
            var parsed = configs.parse(config.read(), config.digest());
            var names = image.texts("Layers").orElse(List.of());
            checkLayers(parsed, names.size(), config.digest());
            var layers = new ArrayList<Descriptor>();
            for (var i = 0; i < names.size(); i++) {
                layers.add(layer(
                        members.get(ArchiveMembers.bytes(names.get(i))),
                        parsed.diffIds().get(i)));
            }
            files.put(config.digest(), config);
            var references = new ArrayList<ImageReference>();
            for (var tag : image.texts("RepoTags").orElse(List.of())) {
                references.add(reference(tag));
            }
            found.add(new Found(manifest(config, layers), references));
        }
        return found;
    }

    /** Such archives name files by their digest, but only some; where they do, it must be right. */
    private static void checkName(ArchiveMembers.Member member) throws WrongDigestException {
        var hex = HEX_NAME.matcher(member.name());
        if (hex.matches() && !hex.group(1).equals(member.digest().hex())) {
            throw new WrongDigestException(
                    member.name() + " of the archive", new Digest(hex.group(1)), member.digest());
        }
    }

    private Descriptor layer(ArchiveMembers.Member member, Digest diffId) throws IOException {
        var compression = member.compression();
        var content = compression == Compression.NONE ? member.digest() : uncompressedDigest(member);
        if (!content.equals(diffId)) {
            throw new WrongDigestException("layer " + member.name() + " of the archive", diffId, content);
        }
        files.put(member.digest(), member);
        var type = switch (compression) {
            case NONE -> MediaType.OCI_LAYER;
            case GZIP -> MediaType.OCI_LAYER_GZIP;
            case ZSTD -> MediaType.OCI_LAYER_ZSTD;
        };
        return new Descriptor(type, member.digest(), member.size());
    }

    private static Digest uncompressedDigest(ArchiveMembers.Member member) throws IOException {
        var sha256 = BlobStore.sha256();
        try (var stream = Compression.uncompress(Files.newInputStream(member.file()))) {
            var buffer = new byte[128 * 1024];
            for (var n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
                sha256.update(buffer, 0, n);
            }
        }
        return BlobStore.finished(sha256);
    }

    /** The manifest that such an archive lacks: the same bytes for the same content, hence the same digest anywhere. */
    private Descriptor manifest(ArchiveMembers.Member config, List<Descriptor> layers) throws IOException {
        var document = json.createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_MANIFEST);
        document.putObject("config")
                .put("mediaType", MediaType.OCI_CONFIG)
                .put("digest", config.digest().toString())
                .put("size", config.size());
        var array = document.putArray("layers");
        for (var layer : layers) {
            array.addObject()
                    .put("mediaType", layer.mediaType())
                    .put("digest", layer.digest().toString())
                    .put("size", layer.size());
        }
        var bytes = json.writeValueAsBytes(document);
        var digest = BlobStore.digest(bytes);
        made.put(digest, bytes);
        return new Descriptor(MediaType.OCI_MANIFEST, digest, bytes.length);
    }
}
