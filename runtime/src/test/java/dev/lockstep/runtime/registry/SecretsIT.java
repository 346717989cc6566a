package dev.lockstep.runtime.registry;

import static dev.lockstep.runtime.testing.FakeRegistry.body;
import static dev.lockstep.runtime.testing.FakeRegistry.status;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.net.httpserver.HttpExchange;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Tokens, passwords and signed addresses are in no message, no cause and no line of the log, whatever goes wrong. */
class SecretsIT {
    private static final String CANARY = "CaNaRy7";

    @TempDir
    Path directory;

    @Test
    void no_way_to_fail_tells_a_secret() throws IOException {
        var told = new StringWriter();
        var root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        var ours = (Logger) LoggerFactory.getLogger("dev.lockstep");
        var appender = new ListAppender<ILoggingEvent>();
        var level = ours.getLevel();
        appender.start();
        root.addAppender(appender);
        ours.setLevel(Level.TRACE);
        try {
            for (var way : ways().entrySet()) {
                try (var registry = FakeRegistry.start()) {
                    fail(registry, way.getKey(), way.getValue(), told);
                }
            }
        } finally {
            root.detachAppender(appender);
            ours.setLevel(level);
        }
        appender.list.forEach(event -> told.append(event.getFormattedMessage())
                .append(String.valueOf(event.getKeyValuePairs()))
                .append('\n'));

        assertThat(appender.list).isNotEmpty();
        var encoded = Base64.getEncoder().encodeToString(("me:" + CANARY).getBytes(UTF_8));
        assertThat(told.toString().lines().filter(line -> line.contains(CANARY) || line.contains(encoded)))
                .isEmpty();
    }

    /** What answers once the client shows its token. */
    private static Map<String, FakeRegistry.Handler> ways() {
        var ways = new LinkedHashMap<String, FakeRegistry.Handler>();
        var signed = "?X-Signature=" + CANARY + "&token=" + CANARY;
        for (var status : new int[] {400, 401, 403, 404, 405, 416, 418, 429, 500, 503}) {
            ways.put("status " + status, status(status));
        }
        for (var to : new String[] {
            "http://127.0.0.1:1/store",
            "http://127.0.0.1:99999/",
            "ftp://x.test/",
            "http://x_y.test/",
            "http://a b/",
            "http://me:" + CANARY + "@127.0.0.1:1/",
            "/v2/loop",
            "https://127.0.0.1:1/tls",
            "file:///etc/passwd"
        }) {
            ways.put("redirect to " + to, status(307, "Location", to + signed));
        }
        // What a manifest says is no secret, what an authorization server says is one.
        ways.put("not JSON", exchange -> {
            var isToken = exchange.getRequestURI().getPath().equals("/token");
            body(("{\"token\": " + (isToken ? CANARY : "x")).getBytes(UTF_8)).handle(exchange);
        });
        ways.put("cut", exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write(("{\"x\": \"" + CANARY).getBytes(UTF_8));
            exchange.getResponseBody().flush();
            throw new IOException("cut");
        });
        ways.put("bad length", status(200, "X-Secret", CANARY));
        return ways;
    }

    private void fail(FakeRegistry registry, String name, FakeRegistry.Handler handler, StringWriter told)
            throws IOException {
        var image = TestImage.unnamed().file("a", name).command("x");
        var store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
        Credentials account = host -> Optional.of(new Credential.Account("me", CANARY));
        var settings = new RegistrySettings(
                Duration.ofSeconds(5),
                Duration.ofMillis(600),
                2,
                Duration.ofMillis(5),
                Duration.ofMillis(20),
                3,
                account,
                RegistryHosts.NONE,
                Proxies.of(Map.of("HTTPS_PROXY", "http://me:" + CANARY + "@127.0.0.1:1")),
                new TestTime());
        registry.serve("/token", "application/json", ("{\"token\":\"" + CANARY + "\"}").getBytes(UTF_8));
        Predicate<HttpExchange> anonymous = e -> e.getRequestURI().getPath().startsWith("/v2/")
                && !e.getRequestHeaders().containsKey("Authorization");
        registry.when(
                anonymous,
                9999,
                status(
                        401,
                        "WWW-Authenticate",
                        "Bearer realm=\"http://" + registry.host() + "/token?key=" + CANARY + "\",service=\"x\""));
        var reference = ImageReference.parse(registry.serve("app", "1", image));
        PushIT.keep(store, image);
        PushIT.name(store, reference, image.manifest());
        for (var part : new String[] {"/manifests/", "/blobs/", "/tags/", "/_catalog", "/token", "/uploads/"}) {
            try (var client = new RegistryClient(store, settings)) {
                registry.when(part, 9, handler);
                for (var call : new ThrowingCall[] {
                    () -> client.resolve(reference),
                    () -> client.pull(reference, Progress.NONE, LayerIntake.NONE),
                    () -> client.push(reference, Progress.NONE),
                    () -> client.tags(reference),
                    () -> client.catalog(registry.host()),
                    () -> client.delete(reference),
                    () -> client.login(registry.host(), new Credential.Account("me", CANARY)),
                    () -> client.resolve(ImageReference.parse("registry.example/app:1"))
                }) {
                    var failure = catchThrowable(call::run);
                    if (failure != null) {
                        assertThat(failure).as(name + part).isInstanceOf(IOException.class);
                        failure.printStackTrace(new PrintWriter(told, true));
                    }
                }
            }
        }
        told.append(settings.toString());
    }

    private interface ThrowingCall {
        void run() throws IOException;
    }
}
