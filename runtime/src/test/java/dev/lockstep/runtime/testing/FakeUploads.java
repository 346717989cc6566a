package dev.lockstep.runtime.testing;

import com.sun.net.httpserver.HttpExchange;
import dev.lockstep.runtime.image.BlobStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a registry does with uploads: whole, in chunks, by mount. What is wrong is answered as the specification says.
 */
final class FakeUploads {
    private final Map<String, ByteArrayOutputStream> open = new ConcurrentHashMap<>();
    private final AtomicInteger last = new AtomicInteger();
    private final FakeRegistry registry;

    FakeUploads(FakeRegistry registry) {
        this.registry = registry;
    }

    /** Whether the request was one of these. */
    boolean handle(HttpExchange exchange) throws IOException {
        var path = exchange.getRequestURI().getPath();
        var method = exchange.getRequestMethod();
        if (method.equals("PUT") && path.contains("/manifests/")) {
            manifest(exchange, path);
            return true;
        }
        if (!path.contains("/blobs/uploads/")) {
            return false;
        }
        if (method.equals("POST")) {
            begin(exchange, path);
            return true;
        }
        var content = open.get(path);
        if (content == null) {
            FakeRegistry.status(404).handle(exchange);
            return true;
        }
        switch (method) {
            case "GET" ->
                FakeRegistry.status(204, "Location", path + "?state=x", "Range", range(content))
                        .handle(exchange);
            case "PATCH" -> patch(exchange, path, content);
            case "PUT" -> put(exchange, path, content);
            default -> FakeRegistry.status(405).handle(exchange);
        }
        return true;
    }

    /** As the distribution project's registry says it: of one byte and of none the same. */
    private static String range(ByteArrayOutputStream content) {
        return "0-" + Math.max(0, content.size() - 1);
    }

    private void begin(HttpExchange exchange, String path) throws IOException {
        var query = String.valueOf(exchange.getRequestURI().getQuery());
        if (query.startsWith("mount=")) {
            var digest = query.replaceAll("mount=([^&]*)&from=.*", "$1");
            var from = query.replaceAll(".*&from=", "");
            var blob = registry.content("/v2/" + from + "/blobs/" + digest);
            if (blob.isPresent()) {
                registry.serve(path.replace("uploads/", digest), "application/octet-stream", blob.get());
                FakeRegistry.status(201, "Location", path.replace("uploads/", digest))
                        .handle(exchange);
                return;
            }
        }
        var location = path + last.incrementAndGet();
        open.put(location, new ByteArrayOutputStream());
        FakeRegistry.status(202, "Location", location + "?state=0", "Range", "0-0")
                .handle(exchange);
    }

    private void patch(HttpExchange exchange, String path, ByteArrayOutputStream content) throws IOException {
        var bytes = exchange.getRequestBody().readAllBytes();
        var expected = content.size() + "-" + (content.size() + bytes.length - 1);
        if (!expected.equals(exchange.getRequestHeaders().getFirst("Content-Range"))) {
            FakeRegistry.status(416, "Location", path, "Range", range(content)).handle(exchange);
            return;
        }
        content.write(bytes);
        if (registry.losesAnswer(exchange)) {
            throw new IOException("lost");
        }
        FakeRegistry.status(202, "Location", path + "?state=" + content.size(), "Range", range(content))
                .handle(exchange);
    }

    private void put(HttpExchange exchange, String path, ByteArrayOutputStream content) throws IOException {
        content.write(exchange.getRequestBody().readAllBytes());
        var wanted = exchange.getRequestURI().getQuery().replaceAll(".*digest=", "");
        var digest = BlobStore.digest(content.toByteArray()).toString();
        open.remove(path);
        if (!wanted.equals(digest)) {
            FakeRegistry.status(400).handle(exchange);
            return;
        }
        var place = path.replaceFirst("uploads/[0-9]+$", digest);
        registry.serve(place, "application/octet-stream", content.toByteArray());
        FakeRegistry.status(201, "Location", place, "Docker-Content-Digest", digest)
                .handle(exchange);
    }

    private void manifest(HttpExchange exchange, String path) throws IOException {
        var bytes = exchange.getRequestBody().readAllBytes();
        var type = exchange.getRequestHeaders().getFirst("Content-Type");
        var digest = BlobStore.digest(bytes).toString();
        registry.serve(path, type, bytes);
        registry.serve(path.replaceFirst("/manifests/.*", "/manifests/" + digest), type, bytes);
        FakeRegistry.status(201, "Location", path, "Docker-Content-Digest", digest)
                .handle(exchange);
    }
}
