package dev.lockstep.runtime.image;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.archive.TarWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * Writes images into one archive: an OCI image layout that also has Docker's {@code manifest.json}. Blobs are written
 * as they are held, so that all digests stay. Of an index only what is here is written, which is what runs here.
 */
final class ArchiveExport {
    private static final String FULL_NAME = "io.containerd.image.name";
    /** The full name here too: several images of one archive may have the same tag. */
    private static final String NAME = "org.opencontainers.image.ref.name";

    private static final String BLOBS = "blobs/sha256/";

    private final ImageStore store;

    ArchiveExport(ImageStore store) {
        this.store = store;
    }

    private record Saved(StoredImage stored, Image image) {}

    /** Where files go, in order. */
    private interface Target {
        void directory(String name) throws IOException;

        void file(String name, long size, InputStream content) throws IOException;

        default void file(String name, byte[] content) throws IOException {
            file(name, content.length, new ByteArrayInputStream(content));
        }
    }

    /** Writes an archive. */
    void write(Collection<StoredImage> images, OutputStream out) throws IOException {
        var tar = new TarWriter(out);
        write(images, new Target() {
            @Override
            public void directory(String name) throws IOException {
                tar.directory(name);
            }

            @Override
            public void file(String name, long size, InputStream content) throws IOException {
                tar.file(name, size, content);
            }
        });
        tar.finish();
    }

    /** Writes a directory, which is there and empty. */
    void write(Collection<StoredImage> images, Path directory) throws IOException {
        write(images, new Target() {
            @Override
            public void directory(String name) throws IOException {
                Files.createDirectory(directory.resolve(name));
            }

            @Override
            public void file(String name, long size, InputStream content) throws IOException {
                Files.copy(content, directory.resolve(name));
            }
        });
    }

    private void write(Collection<StoredImage> images, Target tar) throws IOException {
        var saved = new ArrayList<Saved>();
        for (var stored : images) {
            saved.add(new Saved(
                    stored,
                    stored.whole()
                            .orElseThrow(() -> new InvalidImageException(
                                    "image " + stored.called() + " is not here whole; pull it again"))));
        }
        saved.sort(Comparator.comparing(s -> s.stored().digest().hex()));
        var blobs = new TreeMap<String, Digest>();
        for (var image : saved) {
            for (var digest : store.reachable(image.image().digest())) {
                if (store.blobs().has(digest)) {
                    blobs.put(digest.hex(), digest);
                }
            }
            for (var attached : store.attachments().of(image.image().digest())) {
                blobs.put(
                        attached.manifest().digest().hex(), attached.manifest().digest());
                attached.content().forEach(part -> blobs.put(part.digest().hex(), part.digest()));
            }
        }
        tar.directory("blobs/");
        tar.directory(BLOBS);
        for (var blob : blobs.entrySet()) {
            blob(tar, blob.getValue());
        }
        tar.file("index.json", index(saved));
        tar.file("manifest.json", manifest(saved));
        tar.file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
    }

    /** The disk may have changed it since it came: an archive with wrong content would be refused much later. */
    private void blob(Target tar, Digest digest) throws IOException {
        var sha256 = BlobStore.sha256();
        try (var content = new java.security.DigestInputStream(store.blobs().open(digest), sha256)) {
            tar.file(BLOBS + digest.hex(), store.blobs().size(digest), content);
        }
        var actual = BlobStore.finished(sha256);
        if (!actual.equals(digest)) {
            throw new WrongDigestException("blob " + store.blobs().path(digest), digest, actual);
        }
    }

    private byte[] index(List<Saved> images) throws IOException {
        var index = store.json().createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_INDEX);
        var manifests = index.putArray("manifests");
        for (var image : images) {
            var target = store.describe(image.stored().digest());
            var names = image.stored().names();
            for (var i = 0; i < Math.max(1, names.size()); i++) {
                var entry = manifests
                        .addObject()
                        .put("mediaType", target.mediaType())
                        .put("digest", target.digest().toString())
                        .put("size", target.size());
                if (i < names.size()) {
                    entry.putObject("annotations")
                            .put(FULL_NAME, names.get(i).toString())
                            .put(NAME, names.get(i).toString());
                }
            }
            for (var attached : store.attachments().of(image.stored().digest())) {
                attached(manifests.addObject(), attached, target.digest());
            }
        }
        return store.json().writeValueAsBytes(index);
    }

    /** Marked as BuildKit marks its own: who reads archives of it passes over them. */
    private static void attached(ObjectNode entry, Attachments.Attached attached, Digest subject) {
        entry.put("mediaType", attached.manifest().mediaType())
                .put("digest", attached.manifest().digest().toString())
                .put("size", attached.manifest().size())
                .put("artifactType", attached.artifactType());
        var annotations = entry.putObject("annotations");
        attached.annotations().forEach(annotations::put);
        annotations.put(ArchiveImport.ATTESTATION, "attestation-manifest");
        annotations.put("vnd.docker.reference.digest", subject.toString());
        entry.putObject("platform").put("architecture", "unknown").put("os", "unknown");
    }

    private byte[] manifest(List<Saved> images) throws IOException {
        var list = store.json().createArrayNode();
        for (var image : images) {
            var entry =
                    list.addObject().put("Config", BLOBS + image.image().id().hex());
            var tags = entry.putArray("RepoTags");
            image.stored().tags().forEach(tags::add);
            var layers = entry.putArray("Layers");
            image.image()
                    .layers()
                    .forEach(layer -> layers.add(BLOBS + layer.blob().hex()));
        }
        return store.json().writeValueAsBytes(list);
    }
}
