package dev.lockstep.reconciler.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.Platform;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;

/** A registry on the loopback with one image, whose only layer is an empty archive: what pulls do is loaded by it. */
final class TrainingRegistry implements AutoCloseable {
    private static final String MANIFEST = "/v2/present/manifests/1";

    private final HttpServer server;
    private final Map<String, byte[]> contents = new LinkedHashMap<>();

    private TrainingRegistry(HttpServer server) {
        this.server = server;
    }

    static TrainingRegistry start() throws IOException {
        var registry =
                new TrainingRegistry(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
        registry.fill();
        registry.server.createContext("/", registry::answer);
        registry.server.start();
        return registry;
    }

    private void fill() throws IOException {
        var archive = new byte[1024];
        var gzip = new ByteArrayOutputStream();
        try (var compressed = new GZIPOutputStream(gzip)) {
            compressed.write(archive);
        }
        var platform = Platform.current();
        var config = bytes("""
                {"architecture":"%s","os":"%s","rootfs":{"type":"layers","diff_ids":["%s"]}}""".formatted(platform.architecture(), platform.os(), BlobStore.digest(archive)));
        var manifest = bytes("""
                {"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}""".formatted(
                        MediaType.OCI_MANIFEST,
                        blob("application/vnd.oci.image.config.v1+json", config),
                        blob(MediaType.OCI_LAYER_GZIP, gzip.toByteArray())));
        contents.put(MANIFEST, manifest);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Keeps it; its descriptor. */
    private String blob(String mediaType, byte[] content) {
        var digest = BlobStore.digest(content);
        contents.put("/v2/present/blobs/" + digest, content);
        return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}".formatted(mediaType, digest, content.length);
    }

    /** What it does not have it denies at once: nobody waits for a second try. */
    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            var content = contents.get(exchange.getRequestURI().getPath());
            if (content == null) {
                exchange.sendResponseHeaders(HttpURLConnection.HTTP_NOT_FOUND, -1);
                return;
            }
            var headers = exchange.getResponseHeaders();
            headers.add("Content-Type", MediaType.OCI_MANIFEST);
            headers.add("Docker-Content-Digest", BlobStore.digest(content).toString());
            if (exchange.getRequestMethod().equals("HEAD")) {
                exchange.sendResponseHeaders(HttpURLConnection.HTTP_OK, -1);
                return;
            }
            exchange.sendResponseHeaders(HttpURLConnection.HTTP_OK, content.length);
            exchange.getResponseBody().write(content);
        }
    }

    /** Of the image that it has. */
    Digest digest() {
        return BlobStore.digest(Objects.requireNonNull(contents.get(MANIFEST)));
    }

    /** The image that it has. */
    ImageReference present() {
        return reference("present");
    }

    /** One that it has not. */
    ImageReference absent() {
        return reference("absent");
    }

    private ImageReference reference(String repository) {
        return ImageReference.parse("127.0.0.1:" + server.getAddress().getPort() + "/" + repository + ":1");
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
