package dev.lockstep.runtime.testing;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An image made by a test. The same calls make the same bytes, hence the same digests. {@link #busybox} runs; the
 * others are as good or as broken as the test wants.
 */
public final class TestImage {
    private static final Path BUSYBOX = Path.of("/bin/busybox");
    private static final List<String> APPLETS = List.of(
            "sh",
            "true",
            "false",
            "sleep",
            "cat",
            "echo",
            "ls",
            "id",
            "env",
            "hostname",
            "ip",
            "nc",
            "httpd",
            "wget",
            "ping",
            "nslookup",
            "kill",
            "ps",
            "mount",
            "touch",
            "mkdir",
            "rm",
            "stat",
            "dd",
            "date",
            "test",
            "grep",
            "seq",
            "yes",
            "tail",
            "head",
            "printf",
            "stty",
            "tty",
            "trap",
            "udhcpc",
            "wc",
            "pwd",
            "chmod",
            "chown");

    /** Content with its digest and media type. */
    @SuppressWarnings("ArrayRecordComponent") // tests share bytes and change none
    public record Blob(String mediaType, Digest digest, byte[] content) {
        static Blob of(String mediaType, byte[] content) {
            return new Blob(mediaType, BlobStore.digest(content), content);
        }
    }

    private record TestLayer(Blob blob, Digest diffId) {}

    private final JsonMapper json = JsonMapper.builder().build();
    private final Optional<String> name;
    private final List<TestLayer> layers = new ArrayList<>();
    private final ObjectNode config = json.createObjectNode();
    private Platform platform = Platform.current();
    private Consumer<ObjectNode> changeDocument = document -> {};
    private Consumer<ObjectNode> changeManifest = document -> {};

    private TestImage(Optional<String> name) {
        this.name = name;
    }

    /** An empty image with that reference. */
    public static TestImage named(String reference) {
        return new TestImage(Optional.of(reference));
    }

    public static TestImage unnamed() {
        return new TestImage(Optional.empty());
    }

    /** Busybox with its programs in {@code /bin}, users root and nobody, {@code /tmp}; runs {@code sh}. */
    public static TestImage busybox(String reference) {
        byte[] busybox;
        try {
            busybox = Files.readAllBytes(BUSYBOX);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("install busybox-static", e);
        }
        var tar = new TarBuilder();
        for (var directory : List.of("bin", "dev", "etc", "proc", "root", "sys", "var", "www")) {
            tar.directory(directory + "/");
        }
        tar.member(new TarBuilder.Member("tmp/", '5').mode(01777));
        tar.file("bin/busybox", 0755, busybox);
        for (var applet : APPLETS) {
            tar.hardLink("bin/" + applet, "bin/busybox");
        }
        tar.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
        tar.file("etc/group", "root:x:0:\nnobody:x:65534:\n");
        return named(reference).layer(tar.build()).environment("PATH=/bin").command("/bin/sh");
    }

    /** Adds an uncompressed layer. */
    public TestImage layer(byte[] tar) {
        return layer(tar, MediaType.OCI_LAYER, BlobStore.digest(tar));
    }

    public TestImage gzipLayer(byte[] tar) {
        return layer(TarBuilder.gzip(tar), MediaType.OCI_LAYER_GZIP, BlobStore.digest(tar));
    }

    /** Adds a layer, with a diff id that may be wrong. */
    public TestImage layer(byte[] blob, String mediaType, Digest diffId) {
        layers.add(new TestLayer(Blob.of(mediaType, blob), diffId));
        return this;
    }

    /** Adds a layer of one file. */
    public TestImage file(String path, String content) {
        return layer(new TarBuilder().file(path, content).build());
    }

    public TestImage entrypoint(String... arguments) {
        return strings("Entrypoint", arguments);
    }

    public TestImage command(String... arguments) {
        return strings("Cmd", arguments);
    }

    public TestImage environment(String... variables) {
        return strings("Env", variables);
    }

    public TestImage user(String user) {
        return config("User", user);
    }

    public TestImage volume(String path) {
        config.withObjectProperty("Volumes").putObject(path);
        return this;
    }

    public TestImage label(String key, String value) {
        config.withObjectProperty("Labels").put(key, value);
        return this;
    }

    /** A text field of the image's configuration. */
    public TestImage config(String field, String value) {
        config.put(field, value);
        return this;
    }

    private TestImage strings(String field, String... values) {
        var array = config.putArray(field);
        List.of(values).forEach(array::add);
        return this;
    }

    public TestImage platform(Platform other) {
        this.platform = other;
        return this;
    }

    /** Changes the configuration document before it is written. */
    public TestImage changeConfig(Consumer<ObjectNode> change) {
        this.changeDocument = change;
        return this;
    }

    /** Changes the manifest before it is written. */
    public TestImage changeManifest(Consumer<ObjectNode> change) {
        this.changeManifest = change;
        return this;
    }

    public Optional<String> name() {
        return name;
    }

    public Platform platform() {
        return platform;
    }

    /** The configuration, then the layers, bottom first. */
    public List<Blob> blobs() {
        var blobs = new ArrayList<Blob>();
        blobs.add(configBlob());
        layers.forEach(layer -> blobs.add(layer.blob()));
        return blobs;
    }

    public Blob configBlob() {
        var document = json.createObjectNode().put("os", platform.os()).put("architecture", platform.architecture());
        platform.variant().ifPresent(variant -> document.put("variant", variant));
        document.set("config", config);
        var ids = document.putObject("rootfs").put("type", "layers").putArray("diff_ids");
        layers.forEach(layer -> ids.add(layer.diffId().toString()));
        changeDocument.accept(document);
        return Blob.of(MediaType.OCI_CONFIG, bytes(document));
    }

    public Blob manifest() {
        var document = json.createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_MANIFEST);
        describe(document.putObject("config"), configBlob());
        var array = document.putArray("layers");
        layers.forEach(layer -> describe(array.addObject(), layer.blob()));
        changeManifest.accept(document);
        return Blob.of(MediaType.OCI_MANIFEST, bytes(document));
    }

    /** An index of several images by their platforms. */
    public static Blob index(TestImage... images) {
        var json = JsonMapper.builder().build();
        var document = json.createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_INDEX);
        var manifests = document.putArray("manifests");
        for (var image : images) {
            var entry = manifests.addObject();
            describe(entry, image.manifest());
            entry.putObject("platform")
                    .put("os", image.platform.os())
                    .put("architecture", image.platform.architecture());
            image.platform
                    .variant()
                    .ifPresent(v -> entry.withObjectProperty("platform").put("variant", v));
        }
        try {
            return Blob.of(MediaType.OCI_INDEX, json.writeValueAsBytes(document));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void describe(ObjectNode into, Blob blob) {
        into.put("mediaType", blob.mediaType())
                .put("digest", blob.digest().toString())
                .put("size", blob.content().length);
    }

    private byte[] bytes(Object document) {
        try {
            return json.writeValueAsBytes(document);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Writes what {@code docker save} wrote before version 25: no manifests, layers under names of their own. */
    public Path dockerArchive(Path file) throws IOException {
        return Files.write(file, dockerArchive(List.of(this)).build());
    }

    /** The same of several images; layers that they share are there once. */
    public static TarBuilder dockerArchive(List<TestImage> images) {
        var json = JsonMapper.builder().build();
        var tar = new TarBuilder();
        var manifest = json.createArrayNode();
        var written = new LinkedHashMap<String, byte[]>();
        for (var image : images) {
            var entry = manifest.addObject();
            var config = image.configBlob();
            entry.put("Config", config.digest().hex() + ".json");
            written.put(config.digest().hex() + ".json", config.content());
            var tags = entry.putArray("RepoTags");
            image.name.ifPresent(tags::add);
            var names = entry.putArray("Layers");
            for (var layer : image.layers) {
                var name = layer.blob().digest().hex() + "/layer.tar";
                written.put(name, layer.blob().content());
                names.add(name);
            }
        }
        written.forEach((name, content) -> tar.file(name, 0644, content));
        return tar.file("manifest.json", manifest.toString());
    }

    /** Files of an OCI layout that holds this image, by path. */
    public Map<String, byte[]> ociFiles() {
        var files = new LinkedHashMap<String, byte[]>();
        files.put("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
        var index = json.createObjectNode().put("schemaVersion", 2);
        var entry = index.putArray("manifests").addObject();
        describe(entry, manifest());
        name.ifPresent(n -> entry.putObject("annotations").put("org.opencontainers.image.ref.name", n));
        files.put("index.json", bytes(index));
        for (var blob : blobs()) {
            files.put("blobs/sha256/" + blob.digest().hex(), blob.content());
        }
        files.put("blobs/sha256/" + manifest().digest().hex(), manifest().content());
        return files;
    }

    public Path ociArchive(Path file) throws IOException {
        var tar = new TarBuilder();
        ociFiles().forEach((name, content) -> tar.file(name, 0644, content));
        return Files.write(file, tar.build());
    }

    public Path ociLayout(Path directory) throws IOException {
        for (var file : ociFiles().entrySet()) {
            var path = directory.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
        return directory;
    }
}
