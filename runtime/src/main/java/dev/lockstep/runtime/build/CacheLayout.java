package dev.lockstep.runtime.build;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.image.WrongDigestException;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** A cache in a directory, which is an OCI image layout: {@code type=local}. */
final class CacheLayout {
    private static final String NAME = "org.opencontainers.image.ref.name";
    private static final int DOCUMENT_LIMIT = 4 << 20;
    private static final int BUFFER = 1 << 20;

    private final ImageStore images;
    private final Path directory;

    CacheLayout(ImageStore images, Path directory) {
        this.images = images;
        this.directory = directory;
    }

    private Path blob(Digest digest) {
        return directory.resolve("blobs/sha256").resolve(digest.hex());
    }

    /** Content first, and then the index that names it: who reads at the same time finds the old or the new. */
    void write(Descriptor manifest, List<Descriptor> content, String tag) throws IOException {
        Files.createDirectories(directory.resolve("blobs/sha256"));
        var all = new ArrayList<>(content);
        all.add(manifest);
        for (var descriptor : all) {
            var target = blob(descriptor.digest());
            if (Files.isRegularFile(target) && Files.size(target) == descriptor.size()) {
                continue;
            }
            var beside = AtomicFiles.temporaryBeside(target);
            try {
                Files.copy(images.blobs().path(descriptor.digest()), beside);
                AtomicFiles.publish(beside, target);
            } finally {
                Files.deleteIfExists(beside);
            }
        }
        AtomicFiles.write(
                directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
        AtomicFiles.write(directory.resolve("index.json"), images.json().writeValueAsBytes(index(manifest, tag)));
    }

    private ObjectNode index(Descriptor manifest, String tag) throws IOException {
        var index = images.json().createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_INDEX);
        var entries = index.putArray("manifests");
        if (Files.exists(directory.resolve("index.json"))) {
            for (var entry : entries()) {
                if (!name(entry).equals(tag)) {
                    entries.add(entry);
                }
            }
        }
        entries.addObject()
                .put("mediaType", manifest.mediaType())
                .put("digest", manifest.digest().toString())
                .put("size", manifest.size())
                .putObject("annotations")
                .put(NAME, tag);
        return index;
    }

    private JsonNode entries() throws IOException {
        var file = directory.resolve("index.json");
        if (!Files.isRegularFile(file)) {
            throw new IOException("there is no index.json in " + directory);
        }
        return images.json().readTree(bounded(file, DOCUMENT_LIMIT)).path("manifests");
    }

    private static byte[] bounded(Path file, int limit) throws IOException {
        try (var stream = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            var bytes = stream.readNBytes(limit + 1);
            if (bytes.length > limit) {
                throw new IOException(file + " has more than " + limit + " bytes");
            }
            return bytes;
        }
    }

    private static String name(JsonNode entry) {
        return entry.path("annotations").path(NAME).asText("latest");
    }

    /** Reads it. */
    CacheSource source(String tag, BuildRooms.Unpack unpack) {
        return new CacheSource() {
            @Override
            public byte[] manifest() throws IOException {
                for (var entry : entries()) {
                    if (name(entry).equals(tag)) {
                        return document(digest(entry.path("digest").asText("")), DOCUMENT_LIMIT);
                    }
                }
                throw new IOException("index.json in " + directory + " has no \"" + tag + "\"");
            }

            @Override
            public byte[] document(Digest digest, int limit) throws IOException {
                var bytes = bounded(blob(digest), limit);
                var actual = BlobStore.digest(bytes);
                if (!actual.equals(digest)) {
                    throw new WrongDigestException(blob(digest).toString(), digest, actual);
                }
                return bytes;
            }

            @Override
            public void fetch(Layer layer) throws IOException {
                receive(layer);
                var _ = unpack.unpack(List.of(layer), Progress.NONE);
            }
        };
    }

    private static Digest digest(String text) throws IOException {
        try {
            return Digest.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IOException("\"" + text + "\" is no digest", e);
        }
    }

    private void receive(Layer layer) throws IOException {
        try (var reception = images.blobs().receive(layer.blob(), layer.size())) {
            if (reception.present()) {
                return;
            }
            reception.from(0);
            try (var file =
                    Files.newByteChannel(blob(layer.blob()), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
                var buffer = ByteBuffer.allocate(BUFFER);
                while (file.read(buffer) >= 0) {
                    reception.write(buffer.flip());
                    buffer.clear();
                }
            }
            reception.commit();
        }
    }
}
