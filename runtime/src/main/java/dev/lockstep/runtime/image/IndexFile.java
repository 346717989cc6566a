package dev.lockstep.runtime.image;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code images/index.json} of the store (OCI image layout): which names stand for which content. Written under the
 * store's lock; read without, since it is replaced as a whole.
 */
final class IndexFile {
    /** The full reference; the annotation that the layout specification gives for names. */
    private static final String NAME = "org.opencontainers.image.ref.name";

    /** A name, or none, and what it stands for. */
    record Entry(Optional<ImageReference> name, Descriptor target) {}

    private final JsonMapper json;
    private final Path file;

    IndexFile(Root root, Path images) throws IOException {
        this.json = root.json();
        this.file = images.resolve("index.json");
        var layout = images.resolve("oci-layout");
        if (root.access() == Root.Access.WRITE && Files.notExists(layout)) {
            AtomicFiles.write(layout, "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
        }
    }

    List<Entry> read() throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return List.of();
        }
        Document document;
        try {
            document = Document.parse(json, bytes, Optional.of(MediaType.OCI_INDEX), BlobStore.digest(bytes));
        } catch (InvalidImageException e) {
            throw new IOException(file + " is damaged: " + e.getMessage(), e);
        }
        var entries = new ArrayList<Entry>();
        if (document instanceof Document.Index index) {
            for (var manifest : index.manifests()) {
                entries.add(new Entry(name(manifest), manifest));
            }
        }
        return entries;
    }

    private Optional<ImageReference> name(Descriptor manifest) throws IOException {
        var text = manifest.annotations().get(NAME);
        try {
            return Optional.ofNullable(text).map(ImageReference::parse);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is damaged: " + e.getMessage(), e);
        }
    }

    void write(List<Entry> entries) throws IOException {
        var index = json.createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_INDEX);
        var manifests = index.putArray("manifests");
        for (var entry : entries) {
            var manifest = manifests
                    .addObject()
                    .put("mediaType", entry.target().mediaType())
                    .put("digest", entry.target().digest().toString())
                    .put("size", entry.target().size());
            entry.name().ifPresent(name -> manifest.putObject("annotations").put(NAME, name.toString()));
        }
        AtomicFiles.write(file, json.writerWithDefaultPrettyPrinter().writeValueAsBytes(index));
    }
}
