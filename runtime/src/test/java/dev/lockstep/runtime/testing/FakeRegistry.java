package dev.lockstep.runtime.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lockstep.runtime.image.BlobStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** A registry on the loopback that serves and takes test images and behaves as badly as a test wants. */
public final class FakeRegistry implements AutoCloseable {
    /** A request that came in. */
    public record Request(
            String method,
            String path,
            Optional<String> authorization,
            Optional<String> range,
            Optional<String> proxyAuthorization) {}

    /** Answers a request in place of the registry. */
    @FunctionalInterface
    public interface Handler {
        void handle(HttpExchange exchange) throws IOException;
    }

    private record Rule(Predicate<HttpExchange> applies, AtomicInteger times, Handler handler) {}

    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Content(String mediaType, byte[] bytes) {}

    private final HttpServer server;
    private final FakeUploads uploads = new FakeUploads(this);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, Content> contents = new ConcurrentHashMap<>();
    private final List<Predicate<HttpExchange>> lost = new CopyOnWriteArrayList<>();
    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();

    private FakeRegistry(HttpServer server) {
        this.server = server;
    }

    public static FakeRegistry start() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        var registry = new FakeRegistry(server);
        server.setExecutor(registry.threads);
        server.createContext("/", registry::handle);
        server.start();
        return registry;
    }

    /** {@code 127.0.0.1:PORT}. */
    public String host() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    /** Serves an image as {@code repository:tag} and by its digests; returns the reference. */
    public String serve(String repository, String tag, TestImage image) {
        image.blobs().forEach(blob -> blob(repository, blob));
        manifest(repository, tag, image.manifest());
        return host() + "/" + repository + ":" + tag;
    }

    /** Serves a manifest or index. */
    public void manifest(String repository, String tag, TestImage.Blob manifest) {
        var content = new Content(manifest.mediaType(), manifest.content());
        contents.put("/v2/" + repository + "/manifests/" + tag, content);
        contents.put("/v2/" + repository + "/manifests/" + manifest.digest(), content);
    }

    public void blob(String repository, TestImage.Blob blob) {
        contents.put(
                "/v2/" + repository + "/blobs/" + blob.digest(),
                new Content("application/octet-stream", blob.content()));
    }

    /** Has nothing any more whose path contains that. */
    public void forget(String part) {
        contents.keySet().removeIf(path -> path.contains(part));
    }

    /** Other content, say the answer of an authorization server. */
    public void serve(String path, String mediaType, byte[] content) {
        contents.put(path, new Content(mediaType, content));
    }

    /** Lets {@code handler} answer the next {@code times} requests whose path contains {@code part}. */
    public FakeRegistry when(String part, int times, Handler handler) {
        return when(exchange -> exchange.getRequestURI().getPath().contains(part), times, handler);
    }

    public FakeRegistry when(Predicate<HttpExchange> applies, int times, Handler handler) {
        rules.add(new Rule(applies, new AtomicInteger(times), handler));
        return this;
    }

    /** Does what the next such chunk of an upload asks for, and breaks off before the answer. */
    public void loseAnswer(Predicate<HttpExchange> applies) {
        lost.add(applies);
    }

    boolean losesAnswer(HttpExchange exchange) {
        return lost.removeIf(applies -> applies.test(exchange));
    }

    /** Answers with a status, headers (name, value, name, value, …) and no body. */
    public static Handler status(int status, String... headers) {
        return exchange -> {
            for (var i = 0; i < headers.length; i += 2) {
                exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
            }
            exchange.sendResponseHeaders(status, -1);
        };
    }

    /** Answers 200 with that. */
    public static Handler body(byte[] content) {
        return exchange -> {
            exchange.sendResponseHeaders(200, content.length == 0 ? -1 : content.length);
            exchange.getResponseBody().write(content);
        };
    }

    /** Requests so far. */
    public List<Request> requests() {
        return List.copyOf(requests);
    }

    public long count(String method, String part) {
        return requests.stream()
                .filter(r -> r.method().equals(method) && r.path().contains(part))
                .count();
    }

    private void handle(HttpExchange exchange) throws IOException {
        var headers = exchange.getRequestHeaders();
        requests.add(new Request(
                exchange.getRequestMethod(),
                exchange.getRequestURI().toString(),
                Optional.ofNullable(headers.getFirst("Authorization")),
                Optional.ofNullable(headers.getFirst("Range")),
                Optional.ofNullable(headers.getFirst("Proxy-Authorization"))));
        try (exchange) {
            for (var rule : rules) {
                if (rule.applies.test(exchange) && rule.times.getAndDecrement() > 0) {
                    rule.handler.handle(exchange);
                    return;
                }
            }
            answer(exchange);
        }
    }

    /** The content at that path, if there is any. */
    public Optional<byte[]> content(String path) {
        return Optional.ofNullable(contents.get(path)).map(Content::bytes);
    }

    /** As a registry should. */
    public void answer(HttpExchange exchange) throws IOException {
        if (uploads.handle(exchange)) {
            return;
        }
        var content = contents.get(exchange.getRequestURI().getPath());
        if (content == null) {
            var error = "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\"}]}";
            send(exchange, 404, error.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            return;
        }
        var out = exchange.getResponseHeaders();
        out.add("Content-Type", content.mediaType);
        if (exchange.getRequestURI().getPath().startsWith("/v2/")) {
            out.add("Docker-Content-Digest", BlobStore.digest(content.bytes).toString());
        }
        var range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            send(exchange, 200, content.bytes);
            return;
        }
        var from = Integer.parseInt(range.replaceAll("bytes=([0-9]+)-", "$1"));
        out.add("Content-Range", "bytes " + from + "-" + (content.bytes.length - 1) + "/" + content.bytes.length);
        send(exchange, 206, java.util.Arrays.copyOfRange(content.bytes, from, content.bytes.length));
    }

    private static void send(HttpExchange exchange, int status, byte[] bytes) throws IOException {
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().add("Content-Length", Integer.toString(bytes.length));
            exchange.sendResponseHeaders(status, -1);
            return;
        }
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /** Breaks off what it is sending, and nobody listens there any more. */
    public void goAway() {
        server.stop(0);
        threads.shutdownNow();
    }

    @Override
    public void close() {
        goAway();
    }
}
