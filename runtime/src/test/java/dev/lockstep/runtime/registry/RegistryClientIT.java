package dev.lockstep.runtime.registry;

import static dev.lockstep.runtime.testing.FakeRegistry.body;
import static dev.lockstep.runtime.testing.FakeRegistry.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.InvalidImageException;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryClientIT {
    private static final String DENIED =
            "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"requested access to the resource is denied\"}]}";

    @TempDir
    Path directory;

    private FakeRegistry registry;
    private ImageStore store;
    private RegistryClient client;
    private Credentials credentials = Credentials.NONE;
    private final TestTime time = new TestTime();
    private final TestImage image =
            TestImage.unnamed().gzipLayer(noise(1)).gzipLayer(noise(2)).command("x");

    @BeforeEach
    void start() throws IOException {
        registry = FakeRegistry.start();
        store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
        client = client(RegistryHosts.NONE);
    }

    private RegistryClient client(RegistryHosts hosts) {
        return new RegistryClient(
                store,
                new RegistrySettings(
                        Duration.ofSeconds(5),
                        Duration.ofMillis(700),
                        3,
                        Duration.ofMillis(5),
                        Duration.ofMillis(20),
                        3,
                        host -> credentials.find(host),
                        hosts,
                        Proxies.NONE,
                        time));
    }

    @AfterEach
    void stop() {
        client.close();
        registry.close();
    }

    @Test
    void a_tag_is_resolved_by_asking_for_the_head() throws IOException {
        var reference = serve();

        assertThat(client.resolve(reference)).isEqualTo(image.manifest().digest());
        assertThat(registry.requests()).extracting(FakeRegistry.Request::method).containsExactly("HEAD");
        assertThat(client.resolve(reference.withDigest(new Digest("1".repeat(64)))))
                .hasToString("sha256:" + "1".repeat(64));
        assertThat(registry.requests()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 404, 405})
    void a_registry_that_knows_no_head_is_asked_for_the_manifest(int status) throws IOException {
        var reference = serve();
        registry.when(e -> e.getRequestMethod().equals("HEAD"), 1, status(status));

        assertThat(client.resolve(reference)).isEqualTo(image.manifest().digest());
        assertThat(store.blobs().has(image.manifest().digest())).isFalse();
    }

    @Test
    void a_pull_brings_the_whole_image_and_a_second_one_only_asks() throws IOException {
        var reference = serve();
        var pulled = pull(reference);

        assertThat(pulled.digest()).isEqualTo(image.manifest().digest());
        assertThat(pulled.config().command()).containsExactly("x");
        assertThat(store.find(reference)).contains(pulled);
        assertThat(registry.count("GET", "/blobs/")).isEqualTo(3);
        pull(reference);
        assertThat(registry.count("GET", "/blobs/")).isEqualTo(3);
        assertNothingUnfinished();
    }

    @Test
    void a_pull_by_digest_is_found_by_digest() throws IOException {
        var reference = serve().withDigest(image.manifest().digest());

        assertThat(pull(reference)).isEqualTo(store.find(reference).orElseThrow());
    }

    @Test
    void the_manifest_of_this_machine_is_taken_from_an_index() throws IOException {
        var other = TestImage.unnamed().platform(Platform.parse("plan9/mips")).file("a", "");
        var index = TestImage.index(other, image);
        serve();
        registry.manifest("app", "multi", index);
        var pulled = pull(reference("app:multi"));

        assertThat(pulled.digest()).isEqualTo(index.digest()).isEqualTo(client.resolve(reference("app:multi")));
        assertThat(pulled.manifest()).isEqualTo(image.manifest().digest());
    }

    @Test
    void an_index_without_this_machine_says_which_it_is() {
        registry.manifest(
                "app",
                "other",
                TestImage.index(TestImage.unnamed()
                        .platform(Platform.parse("plan9/mips"))
                        .file("a", "")));

        assertThatThrownBy(() -> pull(reference("app:other")))
                .hasMessageContaining("no matching manifest for " + Platform.current())
                .hasMessageContaining("app:other");
    }

    @Test
    void what_is_not_there_is_named() {
        fails(
                () -> pull(reference("app:missing")),
                RegistryException.Reason.NOT_FOUND,
                "manifest for " + registry.host() + "/app:missing not found");
        fails(
                () -> client.resolve(reference("app:missing")),
                RegistryException.Reason.NOT_FOUND,
                "app:missing not found");
    }

    @Test
    void a_missing_layer_is_named() {
        registry.manifest("app", "1", image.manifest());
        registry.blob("app", image.configBlob());

        fails(() -> pull(reference("app:1")), RegistryException.Reason.NOT_FOUND, "content sha256:");
    }

    @Test
    void content_with_another_digest_is_thrown_away() throws IOException {
        var reference = serve();
        var layer = image.blobs().get(1);
        var changed = layer.content().clone();
        changed[5]++;
        registry.when(layer.digest().toString(), 1, body(changed));

        fails(
                () -> pull(reference),
                RegistryException.Reason.WRONG_CONTENT,
                "has digest " + BlobStore.digest(changed) + ", expected " + layer.digest());
        assertThat(store.find(reference)).isEmpty();
        assertThat(directory.resolve("state/images/tmp/" + layer.digest().hex() + ".partial"))
                .doesNotExist();
        assertThat(pull(reference)).isNotNull();
    }

    @Test
    void a_manifest_with_another_digest_is_refused() {
        var reference = serve();
        registry.when("/manifests/", 9, exchange -> {
            exchange.getResponseHeaders().add("Docker-Content-Digest", "sha256:" + "1".repeat(64));
            body(image.manifest().content()).handle(exchange);
        });

        fails(() -> pull(reference), RegistryException.Reason.WRONG_CONTENT, "expected sha256:1111");
        fails(
                () -> pull(reference.withDigest(new Digest("2".repeat(64)))),
                RegistryException.Reason.WRONG_CONTENT,
                "expected sha256:2222");
    }

    @Test
    void content_longer_than_announced_is_refused() {
        var reference = serve();
        var layer = image.blobs().get(1);
        registry.when(layer.digest().toString(), 1, body(Arrays.copyOf(layer.content(), layer.content().length + 1)));

        assertThatThrownBy(() -> pull(reference))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("is longer than the");
    }

    @Test
    void a_download_that_breaks_off_goes_on_where_it_stopped() throws IOException {
        var reference = serve();
        var layer = image.blobs().get(1);
        registry.when(layer.digest().toString(), 1, cut(layer.content(), 100_000));

        pull(reference);

        assertThat(registry.requests().stream().flatMap(r -> r.range().stream()))
                .hasSize(1)
                .allMatch(range -> range.matches("bytes=[1-9][0-9]*-"));
    }

    @Test
    void a_pull_that_failed_is_gone_on_with_by_the_next() throws IOException {
        var reference = serve();
        var layer = image.blobs().get(1);
        registry.when(layer.digest().toString(), 1, cut(layer.content(), 100_000));
        registry.when(layer.digest().toString(), 1, status(403));
        fails(() -> pull(reference), RegistryException.Reason.DENIED, "denies access");

        pull(reference);

        assertThat(registry.requests()
                        .getLast()
                        .range()
                        .or(() -> registry.requests()
                                .get(registry.requests().size() - 2)
                                .range()))
                .isPresent();
    }

    @ParameterizedTest
    @CsvSource({"200, ''", "206, bytes 7-9/10", "206, ''", "416, ''"})
    void a_registry_that_cannot_resume_sends_all_again(int status, String contentRange) throws IOException {
        var reference = serve();
        var layer = image.blobs().get(1);
        registry.when(layer.digest().toString(), 1, cut(layer.content(), 100_000));
        registry.when(layer.digest().toString(), 1, exchange -> {
            if (!contentRange.isEmpty()) {
                exchange.getResponseHeaders().add("Content-Range", contentRange);
            }
            if (status == 416) {
                status(416).handle(exchange);
            } else {
                exchange.sendResponseHeaders(status, layer.content().length);
                exchange.getResponseBody().write(layer.content());
            }
        });

        assertThat(pull(reference)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void a_registry_in_trouble_is_asked_again(int status) throws IOException {
        var reference = serve();
        registry.when("/v2/", 2, status(status, "Retry-After", "0"));

        assertThat(pull(reference)).isNotNull();
    }

    @Test
    void a_registry_in_trouble_is_given_up_with_what_it_said() {
        var reference = serve();
        registry.when("/v2/", 3, status(429));
        fails(
                () -> client.resolve(reference).abbreviated(),
                RegistryException.Reason.RATE_LIMITED,
                "fewer requests (429)");
        assertThat(registry.requests()).hasSize(3);

        registry.when("/v2/", 3, exchange -> {
            var said = "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow\\ndown\"}]}"
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(429, said.length);
            exchange.getResponseBody().write(said);
        });
        fails(
                () -> pull(reference),
                RegistryException.Reason.RATE_LIMITED,
                "(429): TOOMANYREQUESTS: slow down; try again later");

        registry.when("/v2/", 3, exchange -> {
            exchange.sendResponseHeaders(503, 0);
            exchange.getResponseBody().write("<html>".getBytes(StandardCharsets.UTF_8));
        });
        fails(() -> pull(reference), RegistryException.Reason.BROKEN, "registry " + registry.host() + " answers 503");
    }

    @Test
    void a_registry_that_is_down_is_named() throws IOException {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            port = socket.getLocalPort();
        }
        var reference = ImageReference.parse("127.0.0.1:" + port + "/app:1");

        fails(
                () -> client.resolve(reference),
                RegistryException.Reason.UNREACHABLE,
                "registry 127.0.0.1:" + port + " is not reachable: connection refused");
    }

    @Test
    void a_registry_that_falls_silent_is_given_up() throws IOException {
        var reference = serve();
        var layer = image.blobs().get(1);
        registry.when(layer.digest().toString(), 9, exchange -> {
            exchange.sendResponseHeaders(200, layer.content().length);
            exchange.getResponseBody().flush();
            await();
        });

        fails(() -> pull(reference), RegistryException.Reason.UNREACHABLE, "no answer in time");
    }

    @Test
    void redirects_are_followed_without_the_token() throws IOException {
        var reference = serve();
        withToken("\"token\":\"t0\",\"expires_in\":300");
        try (var storage = FakeRegistry.start()) {
            for (var blob : image.blobs()) {
                storage.serve("/store/" + blob.digest(), "x", blob.content());
                registry.when(
                        "/blobs/" + blob.digest(),
                        9,
                        exchange -> status(
                                        307,
                                        "Location",
                                        "http://" + storage.host() + "/store/" + blob.digest() + "?sig=secret")
                                .handle(exchange));
            }

            pull(reference);

            assertThat(storage.requests())
                    .hasSize(3)
                    .allMatch(r -> r.authorization().isEmpty());
            assertThat(registry.requests().getLast().authorization()).contains("Bearer t0");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ftp://x.test/, what is no http or https address",
        "file:///etc/passwd, what is no http or https address",
        "'', no address",
        "http://x.test:99999/, port 99999",
        "http://x.test:0/, port 0",
        "http://x_y.test/, without a valid host",
        "http:///v2/, without a valid host",
        "http:/v2, without a valid host",
        "mailto:me@x.test, what is no http or https address",
        "http://[::1/, what is no address",
        "/v2/a b, what is no address",
        "/v2/app/manifests/1, more than 10 times"
    })
    void redirects_to_nowhere_are_refused(String location, String why) {
        registry.when("/manifests/", 99, status(302, "Location", location));

        fails(() -> pull(reference("app:1")), RegistryException.Reason.BROKEN, why);
    }

    @Test
    void an_anonymous_token_is_fetched_once_and_again_when_it_expires() throws IOException {
        var reference = serve();
        withToken("\"access_token\":\"t0\",\"expires_in\":300");

        pull(reference);
        client.resolve(reference);
        assertThat(registry.count("GET", "/token")).isEqualTo(1);
        assertThat(registry.requests().stream().filter(r -> r.path().startsWith("/token")))
                .allSatisfy(r -> assertThat(r.path())
                        .isEqualTo("/token?own=1&service=fake+registry&scope=repository%3Aapp%3Apull"))
                .allMatch(r -> r.authorization().isEmpty());
        time.pass(Duration.ofSeconds(295));
        client.resolve(reference);
        assertThat(registry.count("GET", "/token")).isEqualTo(2);
    }

    @Test
    void an_account_is_shown_to_the_authorization_server_alone() throws IOException {
        credentials = host -> host.equals(registry.host())
                ? Optional.of(new Credential.Account("me", "pass:word"))
                : Optional.empty();
        withToken("\"token\":\"t0\"");

        pull(serve());

        assertThat(registry.requests().stream().filter(r -> r.authorization().isPresent()))
                .allMatch(r -> r.path().startsWith("/token")
                        == r.authorization().orElseThrow().equals("Basic bWU6cGFzczp3b3Jk"));
    }

    @Test
    void an_identity_token_is_posted_for_a_token() throws IOException {
        credentials = host -> Optional.of(new Credential.IdentityToken("secret+identity"));
        var posted = new AtomicReference<String>();
        registry.when(e -> e.getRequestMethod().equals("POST"), 1, exchange -> {
            posted.set(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            body("{\"access_token\":\"t0\"}".getBytes(StandardCharsets.UTF_8)).handle(exchange);
        });
        withToken("\"token\":\"wrong\"");

        pull(serve());

        assertThat(posted.get())
                .isEqualTo("grant_type=refresh_token&client_id=lockstep&refresh_token=secret%2Bidentity"
                        + "&service=fake+registry&scope=repository%3Aapp%3Apull");
        assertThat(registry.requests().stream().filter(r -> r.path().startsWith("/token")))
                .hasSize(1)
                .allMatch(r -> r.path().equals("/token?own=1"));
    }

    @Test
    void a_registry_token_is_shown_as_it_is() throws IOException {
        credentials = host -> Optional.of(new Credential.RegistryToken("t0"));
        withToken("\"token\":\"wrong\"");

        assertThat(pull(serve())).isNotNull();
        assertThat(registry.count("GET", "/token")).isZero();
    }

    @Test
    void an_account_file_that_cannot_be_used_ends_the_pull_with_its_name() {
        credentials = CredentialFile.shared(Path.of("/proc/self/status"), java.util.Map.of());
        var reference = serve();
        registry.when("/v2/", 1, status(401, "WWW-Authenticate", "Basic"));

        fails(() -> pull(reference), RegistryException.Reason.MISCONFIGURED, "/proc/self/status is not JSON");
    }

    @Test
    void an_account_answers_a_basic_challenge() throws IOException {
        var reference = serve();
        registry.when(
                e -> !e.getRequestHeaders().containsKey("Authorization"),
                99,
                status(401, "WWW-Authenticate", "Negotiate", "WWW-Authenticate", "Basic realm=\"x\""));
        fails(() -> client.resolve(reference), RegistryException.Reason.DENIED, "needs a login");
        credentials = host -> Optional.of(new Credential.Account("me", "secret"));

        assertThat(pull(reference)).isNotNull();
        assertThat(new Credential.Account("me", "secret")).hasToString("me:***");
    }

    @Test
    void a_refusal_after_authentication_ends_it() {
        var reference = serve();
        registry.serve("/token", "application/json", "{\"token\":\"t\"}".getBytes(StandardCharsets.UTF_8));
        registry.when("/v2/", 99, exchange -> {
            exchange.getResponseHeaders()
                    .add("WWW-Authenticate", "Bearer realm=\"http://" + registry.host() + "/token\"");
            exchange.sendResponseHeaders(401, DENIED.length());
            exchange.getResponseBody().write(DENIED.getBytes(StandardCharsets.UTF_8));
        });

        fails(
                () -> pull(reference),
                RegistryException.Reason.DENIED,
                "denies access to app (DENIED: requested access to the resource is denied): it does not exist there, or needs a login");
        assertThat(registry.count("GET", "/v2/")).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Bearer realm=\"file:///etc/passwd\"      | names as its authorization server what is no http or https",
                "Bearer realm=\"not an address\"          | names as its authorization server what is no address",
                "Bearer service=\"x\"                     | names as its authorization server no address",
                "Bearer realm=\"http://HOST:99999/\"      | names as its authorization server an address without a valid host",
                "Bearer realm=\"http://127.0.0.1:99999/\" | names as its authorization server port 99999",
                "Bearer realm=\"http://HOST/html\"        | answers what is no JSON",
                "Bearer realm=\"http://HOST/notoken\"     | gives no token",
                "Bearer realm=\"http://HOST/newline\"     | gives no token",
                "Bearer realm=\"http://HOST/missing\"     | answers 404"
            })
    void an_authorization_server_that_makes_no_sense_is_named(String challenge, String why) {
        registry.serve("/html", "text/html", "<html>".getBytes(StandardCharsets.UTF_8));
        registry.serve("/notoken", "application/json", "{}".getBytes(StandardCharsets.UTF_8));
        registry.serve("/newline", "application/json", "{\"token\":\"a\\r\\nX: y\"}".getBytes(StandardCharsets.UTF_8));
        registry.when(
                "/v2/", 99, status(401, "WWW-Authenticate", challenge.strip().replace("HOST", registry.host())));

        fails(() -> pull(reference("app:1")), RegistryException.Reason.BROKEN, why.strip());
    }

    @Test
    void documents_that_are_too_big_or_no_images_are_refused() {
        registry.when("/manifests/huge", 1, body(new byte[(4 << 20) + 1]));
        registry.serve(
                "/v2/app/manifests/old",
                "application/vnd.docker.distribution.manifest.v1+prettyjws",
                "{\"schemaVersion\":1}".getBytes(StandardCharsets.UTF_8));
        registry.serve("/v2/app/manifests/html", "text/html", "<html>".getBytes(StandardCharsets.UTF_8));

        assertThatThrownBy(() -> pull(reference("app:huge"))).hasMessageContaining("more than 4 MiB");
        assertThatThrownBy(() -> pull(reference("app:old"))).hasMessageContaining("not supported");
        assertThatThrownBy(() -> pull(reference("app:html"))).hasMessageContaining("is not JSON");
    }

    @Test
    void pulls_beside_each_other_download_a_layer_once() throws Exception {
        var reference = serve();
        Callable<Image> pull = () -> pull(reference);
        try (var threads = Executors.newFixedThreadPool(6)) {
            for (var result : threads.invokeAll(java.util.Collections.nCopies(6, pull))) {
                assertThat(result.get().digest()).isEqualTo(image.manifest().digest());
            }
        }

        assertThat(registry.count("GET", "/blobs/")).isEqualTo(3);
        assertNothingUnfinished();
    }

    private void withToken(String fields) {
        registry.serve("/token", "application/json", ("{" + fields + "}").getBytes(StandardCharsets.UTF_8));
        registry.when(
                e -> e.getRequestURI().getPath().startsWith("/v2/")
                        && !List.of("Bearer t0").equals(e.getRequestHeaders().get("Authorization")),
                1,
                exchange -> status(
                                401,
                                "WWW-Authenticate",
                                "Bearer realm=\"http://" + registry.host()
                                        + "/token?own=1\",service=\"fake registry\",scope=\"repository:app:pull\"")
                        .handle(exchange));
        registry.when(
                e -> e.getRequestURI().getPath().startsWith("/v2/")
                        && !List.of("Bearer t0").equals(e.getRequestHeaders().get("Authorization")),
                99,
                exchange -> status(
                                401,
                                "WWW-Authenticate",
                                "Bearer realm=\"http://" + registry.host() + "/token?own=1\",service=\"fake registry\"")
                        .handle(exchange));
    }

    private ImageReference serve() {
        return ImageReference.parse(registry.serve("app", "1", image));
    }

    private ImageReference reference(String name) {
        return ImageReference.parse(registry.host() + "/" + name);
    }

    private Image pull(ImageReference reference) throws IOException {
        return client.pull(reference, Progress.NONE, LayerIntake.NONE);
    }

    private static void fails(ThrowingCallable call, RegistryException.Reason reason, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining(message);
    }

    /** Announces all and closes the connection after a part. */
    private static FakeRegistry.Handler cut(byte[] content, int length) {
        return exchange -> {
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content, 0, length);
            exchange.getResponseBody().flush();
            throw new IOException("cut");
        };
    }

    /** Holds the connection until the server stops. */
    private static void await() {
        try {
            new java.util.concurrent.CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static byte[] noise(int seed) {
        var bytes = new byte[300_000];
        new Random(seed).nextBytes(bytes);
        return new TarBuilder().file("noise-" + seed, 0644, bytes).build();
    }

    private void assertNothingUnfinished() throws IOException {
        try (var files = Files.list(directory.resolve("state/images/tmp"))) {
            assertThat(files).isEmpty();
        }
    }
}
