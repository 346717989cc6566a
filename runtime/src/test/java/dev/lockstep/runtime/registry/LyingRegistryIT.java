package dev.lockstep.runtime.registry;

import static dev.lockstep.runtime.testing.FakeRegistry.body;
import static dev.lockstep.runtime.testing.FakeRegistry.status;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
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
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A registry that lies, or never comes to an end. Every test ends by itself: that is half of what it shows. */
@Timeout(60)
class LyingRegistryIT {
    @TempDir
    Path directory;

    private final CountDownLatch stop = new CountDownLatch(1);
    private final TestTime time = new TestTime();
    private final TestImage image =
            TestImage.unnamed().gzipLayer(noise(300_000)).command("x");
    private FakeRegistry registry;
    private ImageStore store;
    private RegistryClient client;

    @BeforeEach
    void start() throws IOException {
        registry = FakeRegistry.start();
        store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
        client = new RegistryClient(
                store,
                new RegistrySettings(
                        Duration.ofSeconds(5),
                        Duration.ofMillis(600),
                        3,
                        Duration.ofMillis(500),
                        Duration.ofSeconds(30),
                        3,
                        Credentials.NONE,
                        RegistryHosts.NONE,
                        Proxies.NONE,
                        time));
    }

    @AfterEach
    void end() {
        stop.countDown();
        client.close();
        registry.close();
    }

    static byte[] noise(int length) {
        var bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return new TarBuilder().file("noise", 0644, bytes).build();
    }

    private ImageReference serve() {
        return ImageReference.parse(registry.serve("app", "1", image));
    }

    private TestImage.Blob layer() {
        return image.blobs().stream()
                .filter(b -> b.content().length > 100_000)
                .findFirst()
                .orElseThrow();
    }

    private static void fails(ThrowingCallable call, RegistryException.Reason reason, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining(message);
    }

    private void pull(ImageReference reference) throws IOException {
        client.pull(reference, Progress.NONE, LayerIntake.NONE);
    }

    private void assertNothingBelieved(ImageReference reference) throws IOException {
        assertThat(store.find(reference)).isEmpty();
        assertThat(store.blobs().has(layer().digest())).isFalse();
    }

    /** One byte now and then, without end. */
    private void drip(HttpExchange exchange) throws IOException {
        try {
            do {
                exchange.getResponseBody().write(' ');
                exchange.getResponseBody().flush();
            } while (!stop.await(50, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "LONG, longer than the",
        "SHORT, ends after",
        "NONE_LONG, longer than the",
        "NONE_SHORT, ends after",
        "OTHER, expected sha256:"
    })
    void content_that_is_not_what_was_announced_is_refused(String lie, String why) throws IOException {
        var reference = serve();
        var right = layer().content();
        registry.when(layer().digest().toString(), 99, exchange -> {
            var sent = switch (lie) {
                case "LONG", "NONE_LONG" -> Arrays.copyOf(right, right.length + 1);
                case "SHORT", "NONE_SHORT" -> Arrays.copyOf(right, 100);
                default -> {
                    var other = right.clone();
                    other[9]++;
                    yield other;
                }
            };
            // Zero is "chunked": no length at all.
            exchange.sendResponseHeaders(200, lie.startsWith("NONE") ? 0 : sent.length);
            exchange.getResponseBody().write(sent);
        });

        assertThatThrownBy(() -> pull(reference))
                .isInstanceOfAny(RegistryException.class, InvalidImageException.class)
                .hasMessageContaining(why);
        assertNothingBelieved(reference);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void a_connection_that_is_cut_again_and_again_costs_no_byte_twice(String property) throws IOException {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var cuts = Math.max(1, Integer.getInteger("lockstep.count", 50) / 20);
        System.out.println("cuts: seed " + Long.toUnsignedString(seed) + ", " + cuts);
        var large = TestImage.unnamed().gzipLayer(noise(8 << 20)).command("x");
        var content = large.blobs().getFirst().content().length > 100_000
                ? large.blobs().getFirst()
                : large.blobs().getLast();
        var bytes = content.content();
        var reference = ImageReference.parse(registry.serve("app", "large", large));
        // One in the first half of each part: whoever gets less than 64 KiB further, again and again, is given up.
        var chance = new Random(seed);
        var part = bytes.length / cuts;
        var at = IntStream.range(0, cuts)
                .map(i -> i * part + chance.nextInt(1, part / 2))
                .boxed()
                .toList();
        for (var end : at) {
            registry.when(content.digest().toString(), 1, exchange -> {
                var range = exchange.getRequestHeaders().getFirst("Range");
                var from = range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=([0-9]+)-", "$1"));
                if (from > 0) {
                    exchange.getResponseHeaders()
                            .add("Content-Range", "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
                }
                exchange.sendResponseHeaders(from > 0 ? 206 : 200, bytes.length - from);
                exchange.getResponseBody().write(bytes, from, Math.max(0, end - from));
                exchange.getResponseBody().flush();
                throw new IOException("cut");
            });
        }

        assertThat(client.pull(reference, Progress.NONE, LayerIntake.NONE).digest())
                .isEqualTo(large.manifest().digest());
        var asked = registry.requests().stream()
                .filter(r -> r.path().contains(content.digest().toString()))
                .toList();
        assertThat(asked).hasSize(at.size() + 1);
        for (var i = 0; i < at.size(); i++) {
            // What was on the way when the connection broke may be lost, and never more than was sent.
            var range = asked.get(i + 1).range();
            assertThat(range.map(r -> Integer.parseInt(r.replaceAll("[^0-9]", "")))
                            .orElse(0))
                    .isLessThanOrEqualTo(at.get(i));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bytes 1-9/10",
        "bytes 0-9/10",
        "bytes x-9/10",
        "bytes 99999999999999999999-9/10",
        "lines 100000-1/2",
        "''"
    })
    void a_range_that_was_not_asked_for_is_not_taken_for_the_one_that_was(String range) throws IOException {
        var reference = serve();
        var right = layer().content();
        registry.when(layer().digest().toString(), 1, exchange -> {
            exchange.sendResponseHeaders(200, right.length);
            exchange.getResponseBody().write(right, 0, 100_000);
            exchange.getResponseBody().flush();
            throw new IOException("cut");
        });
        registry.when(layer().digest().toString(), 1, exchange -> {
            exchange.getResponseHeaders().add("Content-Range", range);
            exchange.sendResponseHeaders(206, right.length - 10);
            exchange.getResponseBody().write(right, 10, right.length - 10);
        });

        pull(reference);
        assertThat(store.find(reference)).isPresent();
    }

    @Test
    void a_document_that_is_another_than_its_header_says_is_refused() throws IOException {
        var reference = serve();
        registry.when("/manifests/1", 1, exchange -> {
            exchange.getResponseHeaders().add("Content-Type", "application/vnd.oci.image.index.v1+json");
            body(image.manifest().content()).handle(exchange);
        });
        assertThatThrownBy(() -> pull(reference)).isInstanceOf(InvalidImageException.class);

        registry.when("/manifests/1", 2, exchange -> {
            exchange.getResponseHeaders().add("Docker-Content-Digest", "sha256:../../etc/passwd");
            body(image.manifest().content()).handle(exchange);
        });
        fails(() -> pull(reference), RegistryException.Reason.BROKEN, "announces a digest that is none");
        fails(() -> client.resolve(reference), RegistryException.Reason.BROKEN, "announces a digest that is none");
        assertNothingBelieved(reference);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/manifests/", "/blobs/", "/token", "/tags/list"})
    void bytes_that_drip_are_as_good_as_silence(String part) {
        var reference = serve();
        registry.when(part, 99, exchange -> {
            exchange.sendResponseHeaders(200, 0);
            drip(exchange);
        });
        if (part.equals("/token")) {
            registry.when("/v2/", 99, challenge());
        }
        fails(
                () -> {
                    if (part.equals("/tags/list")) {
                        client.tags(reference);
                    } else {
                        pull(reference);
                    }
                },
                RegistryException.Reason.UNREACHABLE,
                "no answer in time");
    }

    private FakeRegistry.Handler challenge() {
        return status(401, "WWW-Authenticate", "Bearer realm=\"http://" + registry.host() + "/token\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/manifests/", "/token", "/tags/list"})
    void a_document_without_end_is_cut_off(String part) {
        var reference = serve();
        registry.when(part, 99, exchange -> {
            exchange.sendResponseHeaders(200, 0);
            var spaces = " ".repeat(1 << 16).getBytes(UTF_8);
            while (stop.getCount() > 0) {
                exchange.getResponseBody().write(spaces);
            }
        });
        if (part.equals("/token")) {
            registry.when("/v2/", 99, challenge());
        }
        fails(
                () -> {
                    if (part.equals("/tags/list")) {
                        client.tags(reference);
                    } else {
                        pull(reference);
                    }
                },
                RegistryException.Reason.BROKEN,
                "sends more than");
    }

    /** What follows the request line is the test's own. */
    private ServerSocket raw(String answer, String endless) throws IOException {
        var socket = new ServerSocket(0, 9, InetAddress.ofLiteral("127.0.0.1"));
        Thread.ofVirtual().start(() -> {
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                while (true) {
                    var connection = socket.accept();
                    var _ = threads.submit(() -> {
                        try (connection) {
                            connection.getInputStream().read(new byte[8192]);
                            var out = connection.getOutputStream();
                            out.write(answer.getBytes(ISO_8859_1));
                            while (!endless.isEmpty()) {
                                out.write(endless.getBytes(ISO_8859_1));
                            }
                        }
                        return true;
                    });
                }
            } catch (IOException e) {
                // The test is over.
            }
        });
        return socket;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'HTTP/1.1 200 OK~'                                        | 'X-More: and more~'",
                "'HTTP/1.1 200 OK~X: '                                     | 'more'",
                "'HTTP/1.1 103 Early Hints~~'                              | 'HTTP/1.1 103 Early Hints~~'",
                "'HTTP/1.1 200 OK~Content-Length: many~~'                  | ''",
                "'HTTP/1.1 200 OK~Content-Length: -5~~'                    | ''",
                "'HTTP/1.1 200 OK~Content-Length: 99999999999999999999~~'  | ''",
                "'HTTP/1.1 999999999999 OK~~'                              | ''",
                "'HTTP/1.1 200 OK~Transfer-Encoding: chunked~~zz~'         | ''",
                "'HTTP/1.1 200 OK~Transfer-Encoding: chunked~~-1~x'        | ''",
                "'HTTP/1.1 200 OK~no header at all~~'                      | ''",
                "'HTTP/1.1 200 OK~Bad Name: x~Content-Length: 0~~'         | ''",
                "'SSH-2.0-OpenSSH~'                                        | ''",
                "'HTTP/1.1 302 Found~Location: http://a:99999/~Content-Length: 0~~' | ''",
                "''                                                        | ''",
            })
    void what_is_no_http_or_never_ends_is_told_with_the_registrys_name(String answer, String endless)
            throws IOException {
        try (var socket = raw(answer.replace("~", "\r\n"), endless.replace("~", "\r\n"))) {
            var host = "127.0.0.1:" + socket.getLocalPort();
            assertThatThrownBy(() -> pull(ImageReference.parse(host + "/app:1")))
                    .isInstanceOfAny(RegistryException.class, InvalidImageException.class)
                    .hasMessageContaining(host);
        }
    }

    /** A header now and then, without end: what the JDK's limits for headers would take hours to notice. */
    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 200 OK~X: ", "HTTP/1.1 200 OK~", "HTTP/1.1 302 Found~Location: http://a/", ""})
    void headers_that_drip_are_as_good_as_silence(String beginning) throws IOException {
        try (var socket = new ServerSocket(0, 9, InetAddress.ofLiteral("127.0.0.1"))) {
            Thread.ofVirtual().start(() -> drip(socket, beginning.replace("~", "\r\n")));
            var host = "127.0.0.1:" + socket.getLocalPort();

            fails(
                    () -> pull(ImageReference.parse(host + "/app:1")),
                    RegistryException.Reason.UNREACHABLE,
                    "registry " + host + " is not reachable: no answer in time");
            assertThat(time.pauses()).hasSizeLessThan(5);
        }
    }

    private void drip(ServerSocket socket, String beginning) {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            while (true) {
                var connection = socket.accept();
                var _ = threads.submit(() -> {
                    try (connection) {
                        var out = connection.getOutputStream();
                        out.write(beginning.getBytes(ISO_8859_1));
                        do {
                            out.write('x');
                        } while (!stop.await(50, TimeUnit.MILLISECONDS));
                    }
                    return true;
                });
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"redirect", "to itself"})
    void an_authorization_server_that_sends_elsewhere_without_end_is_given_up(String way) {
        var reference = serve();
        var asked = new AtomicInteger();
        registry.when("/v2/", 999, challenge());
        registry.when("/token", 999, exchange -> {
            var next = way.equals("redirect") ? "/token/" + asked.incrementAndGet() : "/token";
            asked.incrementAndGet();
            status(307, "Location", next).handle(exchange);
        });

        assertThatThrownBy(() -> pull(reference)).isInstanceOf(RegistryException.class);
        assertThat(asked).hasValueLessThan(20);
    }

    @Test
    void names_without_end_end_by_the_clock() {
        var reference = serve();
        var pages = new AtomicInteger();
        registry.when("/tags/list", 9999, exchange -> {
            time.pass(Duration.ofSeconds(30));
            var page = pages.incrementAndGet();
            exchange.getResponseHeaders().add("Link", "</v2/app/tags/list?last=" + page + ">; rel=next");
            body(("{\"tags\":[\"t" + page + "\"]}").getBytes(UTF_8)).handle(exchange);
        });

        fails(() -> client.tags(reference), RegistryException.Reason.BROKEN, "without end");
        assertThat(pages).hasValueLessThan(50);
    }

    @Test
    void what_a_descriptor_of_an_ordinary_layer_says_beside_its_digest_is_neither_believed_nor_asked_for()
            throws IOException {
        try (var elsewhere = FakeRegistry.start()) {
            var told = TestImage.unnamed().gzipLayer(noise(1000)).command("x").changeManifest(manifest -> {
                ((ObjectNode) manifest.path("config")).put("data", "eyJvcyI6ImxpZXMifQ==");
                ((ObjectNode) manifest.path("layers").path(0))
                        .put("data", "bGllcw==")
                        .putArray("urls")
                        .add("http://" + elsewhere.host() + "/layer");
            });
            var reference = ImageReference.parse(registry.serve("app", "1", told));

            pull(reference);

            assertThat(store.find(reference).orElseThrow().config().command()).containsExactly("x");
            assertThat(store.verify().isGood()).isTrue();
            assertThat(elsewhere.requests()).isEmpty();
        }
    }

    @Test
    void a_port_that_there_is_not_is_told() {
        fails(
                () -> client.resolve(ImageReference.parse("r.example:99999/app:1")),
                RegistryException.Reason.MISCONFIGURED,
                "registry r.example:99999 has no address that can be asked");
    }

    @Test
    void redirects_without_end_are_not_followed_without_end() {
        var reference = serve();
        var hops = new AtomicInteger();
        registry.when(
                "/",
                999,
                exchange -> status(307, "Location", "/hop/" + hops.incrementAndGet())
                        .handle(exchange));

        fails(() -> pull(reference), RegistryException.Reason.BROKEN, "redirects more than 10 times");
        assertThat(hops).hasValueLessThan(20);
    }

    @Test
    void a_token_that_is_never_good_enough_is_asked_for_once() {
        var reference = serve();
        registry.serve("/token", "application/json", "{\"token\":\"t\",\"expires_in\":-1}".getBytes(UTF_8));
        registry.when("/v2/", 999, challenge());

        fails(() -> pull(reference), RegistryException.Reason.DENIED, "denies access to app");
        assertThat(registry.count("GET", "/token")).isEqualTo(1);
    }

    @Test
    void where_content_is_kept_nobody_says_to_whom_the_account_is_shown() throws IOException {
        var reference = serve();
        try (var storage = FakeRegistry.start()) {
            storage.serve("/token", "application/json", "{\"token\":\"t\"}".getBytes(UTF_8));
            storage.when(
                    "/store",
                    99,
                    status(401, "WWW-Authenticate", "Bearer realm=\"http://" + storage.host() + "/token\""));
            registry.when("/blobs/", 99, status(307, "Location", "http://" + storage.host() + "/store"));

            fails(() -> pull(reference), RegistryException.Reason.DENIED, "denies access to app");
            assertThat(storage.count("GET", "/token")).isZero();
        }
    }

    @Test
    void pages_without_end_end() {
        var reference = serve();
        var pages = new AtomicInteger();
        registry.when("/tags/list", 9999, exchange -> {
            exchange.getResponseHeaders()
                    .add("Link", "</v2/app/tags/list?last=" + pages.incrementAndGet() + ">; rel=next");
            body("{\"tags\":[]}".getBytes(UTF_8)).handle(exchange);
        });

        fails(() -> client.tags(reference), RegistryException.Reason.BROKEN, "without end");
        assertThat(pages).hasValueLessThan(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"404", "416", "one byte"})
    void uploads_that_are_forgotten_again_and_again_are_given_up(String way) throws IOException {
        var big = PushIT.big();
        PushIT.keep(store, big);
        var reference = ImageReference.parse(registry.host() + "/app:1");
        PushIT.name(store, reference, big.manifest());
        var sent = new AtomicInteger();
        registry.when(e -> e.getRequestMethod().equals("PATCH"), 999, exchange -> {
            exchange.getRequestBody().readAllBytes();
            if (way.equals("one byte")) {
                var end = sent.incrementAndGet();
                status(202, "Location", exchange.getRequestURI().toString(), "Range", "0-" + end)
                        .handle(exchange);
            } else {
                sent.incrementAndGet();
                status(Integer.parseInt(way)).handle(exchange);
            }
        });

        assertThatThrownBy(() -> client.push(reference, Progress.NONE)).isInstanceOf(RegistryException.class);
        assertThat(sent).hasValueLessThan(10);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "7                             | 7",
                "Thu, 01 Jan 2026 00:00:09 GMT | 9",
                "99999999999999999             | 30",
                "Tue, 01 Jan 2126 00:00:00 GMT | 30",
                "Thu, 01 Jan 1970 00:00:00 GMT | 0",
                "whenever                      | 0"
            })
    void a_registry_decides_how_long_one_waits_within_reason(String header, int seconds) throws IOException {
        var reference = serve();
        registry.when("/v2/", 1, status(429, "Retry-After", header));
        registry.when("/v2/", 1, status(503));

        assertThat(client.resolve(reference)).isEqualTo(image.manifest().digest());
        assertThat(time.pauses()).hasSize(2);
        assertThat(time.pauses().getFirst())
                .isBetween(Duration.ofMillis(Math.max(250, seconds * 1000)), Duration.ofMillis(500 + seconds * 1000));
        assertThat(time.pauses().getLast()).isBetween(Duration.ofMillis(500), Duration.ofMillis(1000));
    }
}
