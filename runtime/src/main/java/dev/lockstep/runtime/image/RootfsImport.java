package dev.lockstep.runtime.image;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.archive.ArchiveStream;
import dev.lockstep.runtime.archive.TarReader;
import dev.lockstep.runtime.linux.NoSpace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.time.Instant;

/** Makes an image of one layer from the tar archive of a root file system. */
final class RootfsImport {
    private final BlobStore blobs;
    private final JsonMapper json;
    private final Platform platform;

    RootfsImport(BlobStore blobs, JsonMapper json, Platform platform) {
        this.blobs = blobs;
        this.json = json;
        this.platform = platform;
    }

    /**
     * Publishes layer, configuration and manifest.
     *
     * @param source compressed or not; read to its end
     * @throws IOException when it is no tar archive, or there is no room; nothing is left then
     */
    Descriptor publish(InputStream source, ObjectNode config, String message, Instant created) throws IOException {
        var layer = layer(source);
        var document = json.createObjectNode()
                .put("created", created.toString())
                .put("architecture", platform.architecture())
                .put("os", platform.os());
        platform.variant().ifPresent(variant -> document.put("variant", variant));
        document.set("config", config);
        document.putObject("rootfs")
                .put("type", "layers")
                .putArray("diff_ids")
                .add(layer.digest().toString());
        document.putArray("history")
                .addObject()
                .put("created", created.toString())
                .put("comment", message);
        var configuration = put(MediaType.OCI_CONFIG, document);
        var manifest = json.createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_MANIFEST);
        describe(manifest.putObject("config"), configuration);
        describe(manifest.putArray("layers").addObject(), layer);
        return put(MediaType.OCI_MANIFEST, manifest);
    }

    private static void describe(ObjectNode into, Descriptor descriptor) {
        into.put("mediaType", descriptor.mediaType())
                .put("digest", descriptor.digest().toString())
                .put("size", descriptor.size());
    }

    private Descriptor put(String type, ObjectNode document) throws IOException {
        var bytes = json.writeValueAsBytes(document);
        var digest = BlobStore.digest(bytes);
        blobs.put(digest, bytes);
        return new Descriptor(type, digest, bytes.length);
    }

    /** Uncompressed, so that its digest is its diff id. */
    private Descriptor layer(InputStream source) throws IOException {
        try (var spool = blobs.spool()) {
            return layer(source, spool.file());
        } catch (IOException e) {
            throw NoSpace.isWhy(e) ? new IOException("no room for the archive in " + blobs.directory(), e) : e;
        }
    }

    private Descriptor layer(InputStream source, Path file) throws IOException {
        try {
            var sha256 = BlobStore.sha256();
            try (var out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ArchiveStream.of(source).transferTo(new DigestOutputStream(out, sha256));
            }
            check(file);
            var descriptor = new Descriptor(MediaType.OCI_LAYER, BlobStore.finished(sha256), Files.size(file));
            blobs.publish(file, descriptor.digest());
            return descriptor;
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** Whether it is a tar archive with something in it, to its end. */
    private static void check(Path file) throws IOException {
        try (var content = Files.newInputStream(file)) {
            var tar = new TarReader(content);
            if (tar.next().isEmpty()) {
                throw new InvalidImageException("the archive is empty");
            }
            while (tar.next().isPresent()) {
                // Reading checks it.
            }
        }
    }
}
