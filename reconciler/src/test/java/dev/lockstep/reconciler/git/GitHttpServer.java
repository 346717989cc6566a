package dev.lockstep.reconciler.git;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLContext;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.transport.PacketLineOut;
import org.eclipse.jgit.transport.RefAdvertiser;
import org.eclipse.jgit.transport.UploadPack;

/** Git's smart HTTP protocol (gitprotocol-http(5)) on loopback, with basic authentication if a test wants it. */
public final class GitHttpServer implements AutoCloseable {
    private final HttpServer server;
    private final Repository repository;
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private volatile Optional<String> login = Optional.empty();
    private volatile Optional<String> redirect = Optional.empty();
    private volatile Map<String, String> headers = Map.of();
    private volatile int status;

    private GitHttpServer(HttpServer server, Repository repository) {
        this.server = server;
        this.repository = repository;
    }

    public static GitHttpServer start(Repository repository) throws IOException {
        return start(repository, HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
    }

    /** By TLS; {@link #url} is for plain HTTP. */
    static GitHttpServer start(Repository repository, SSLContext tls) throws IOException {
        var https = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        https.setHttpsConfigurator(new HttpsConfigurator(tls));
        return start(repository, https);
    }

    private static GitHttpServer start(Repository repository, HttpServer http) {
        var server = new GitHttpServer(http, repository);
        http.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        http.createContext("/", server::handle);
        http.start();
        return server;
    }

    /** From now on {@code user:password} is wanted. */
    public void require(String userAndPassword) {
        login = Optional.of(userAndPassword);
    }

    /** From now on every first request is sent there. */
    void redirectTo(String base) {
        redirect = Optional.of(base);
    }

    /** From now on that is the answer, whatever is asked. */
    void answer(int newStatus) {
        status = newStatus;
    }

    /** From now on each answer has these, in the place of its own. */
    void say(Map<String, String> newHeaders) {
        headers = newHeaders;
    }

    /** Method, path and, if there was one, the login of each request. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    public int port() {
        return server.getAddress().getPort();
    }

    public String url() {
        return "http://127.0.0.1:" + port() + "/shop.git";
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var sent = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"));
            requests.add(exchange.getRequestMethod() + " "
                    + exchange.getRequestURI().getPath()
                    + sent.map(s -> " " + s.substring(0, s.indexOf(' '))).orElse(""));
            headers.forEach(exchange.getResponseHeaders()::set);
            if (status != 0) {
                exchange.sendResponseHeaders(status, -1);
            } else if (redirect.isPresent()) {
                exchange.getResponseHeaders().add("Location", redirect.get() + exchange.getRequestURI());
                exchange.sendResponseHeaders(302, -1);
            } else if (login.isPresent() && !sent.equals(login.map(GitHttpServer::basic))) {
                exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"git\"");
                exchange.sendResponseHeaders(401, -1);
            } else if (!exchange.getRequestURI().getPath().startsWith("/shop.git/")) {
                exchange.sendResponseHeaders(404, -1);
            } else {
                serve(exchange);
            }
        }
    }

    private static String basic(String userAndPassword) {
        return "Basic " + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8));
    }

    private void serve(HttpExchange exchange) throws IOException {
        var answer = new ByteArrayOutputStream();
        try (var pack = new UploadPack(repository)) {
            pack.setBiDirectionalPipe(false);
            Optional.ofNullable(exchange.getRequestHeaders().getFirst("Git-Protocol"))
                    .ifPresent(v -> pack.setExtraParameters(List.of(v)));
            if (exchange.getRequestURI().getPath().endsWith("/info/refs")) {
                exchange.getResponseHeaders().add("Content-Type", "application/x-git-upload-pack-advertisement");
                var out = new PacketLineOut(answer);
                out.writeString("# service=git-upload-pack\n");
                out.end();
                pack.sendAdvertisedRefs(new RefAdvertiser.PacketLineOutRefAdvertiser(out), "git-upload-pack");
            } else {
                exchange.getResponseHeaders().add("Content-Type", "application/x-git-upload-pack-result");
                pack.upload(body(exchange), answer, null);
            }
        }
        exchange.sendResponseHeaders(200, answer.size());
        exchange.getResponseBody().write(answer.toByteArray());
    }

    private static InputStream body(HttpExchange exchange) throws IOException {
        var body = exchange.getRequestBody();
        return "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))
                ? new GZIPInputStream(body)
                : body;
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
