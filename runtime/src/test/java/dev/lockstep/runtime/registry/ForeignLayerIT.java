package dev.lockstep.runtime.registry;

import static dev.lockstep.runtime.testing.FakeRegistry.body;
import static dev.lockstep.runtime.testing.FakeRegistry.status;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestAuthority;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers that registries do not distribute: asked for where the manifest says, which a stranger wrote. */
class ForeignLayerIT {
    private static final String FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

    @TempDir
    Path directory;

    private final byte[] tar =
            new TarBuilder().file("licensed", "not to be distributed").build();
    private final byte[] layer = TarBuilder.gzip(tar);
    private final Map<String, RegistryHosts.Rule> rules = new HashMap<>();
    private final TestTime time = new TestTime();
    private FakeRegistry registry;
    private FakeRegistry maker;
    private ImageStore store;

    @BeforeEach
    void start() throws IOException {
        registry = FakeRegistry.start();
        maker = FakeRegistry.start();
        maker.serve("/layer", "application/octet-stream", layer);
        store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
    }

    @AfterEach
    void end() {
        registry.close();
        maker.close();
    }

    private ImageReference serve(String mediaType, String... urls) {
        var image = TestImage.unnamed()
                .layer(layer, mediaType, BlobStore.digest(tar))
                .command("x")
                .changeManifest(manifest -> {
                    var list = ((ObjectNode) manifest.path("layers").path(0)).putArray("urls");
                    List.of(urls).forEach(list::add);
                });
        return ImageReference.parse(registry.serve("app", "1", image));
    }

    /** One that the registry does not have. */
    private ImageReference missing(String mediaType, String... urls) {
        var reference = serve(mediaType, urls);
        registry.forget("/blobs/" + digest());
        return reference;
    }

    private Digest digest() {
        return BlobStore.digest(layer);
    }

    private String url(FakeRegistry server, String path) {
        return "http://" + server.host() + path;
    }

    private void allow(FakeRegistry server) {
        rules.put(server.host(), new RegistryHosts.Rule(Optional.of(true), List.of()));
    }

    private void pull(ImageReference reference) throws IOException {
        pull(reference, Credentials.NONE);
    }

    private void pull(ImageReference reference, Credentials credentials) throws IOException {
        var settings = new RegistrySettings(
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                3,
                Duration.ofMillis(500),
                Duration.ofSeconds(30),
                3,
                credentials,
                new RegistryHosts(rules, List.of(directory.resolve("certs.d"))),
                Proxies.NONE,
                time);
        try (var client = new RegistryClient(store, settings)) {
            client.pull(reference, Progress.NONE, LayerIntake.NONE);
        }
    }

    private void assertWhole(ImageReference reference) throws IOException {
        assertThat(store.find(reference)).isPresent();
        assertThat(store.blobs().has(digest())).isTrue();
        assertThat(store.verify().isGood()).isTrue();
    }

    private void assertRefused(ImageReference reference, String... words) throws IOException {
        assertThatThrownBy(() -> pull(reference))
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("not found in registry " + registry.host())
                .hasMessageContainingAll(words);
        assertThat(store.find(reference)).isEmpty();
        assertThat(store.blobs().has(digest())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                FOREIGN,
                "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            })
    void what_the_registry_has_not_got_is_asked_for_where_the_manifest_says(String mediaType) throws IOException {
        allow(maker);
        var reference = missing(mediaType, url(maker, "/layer"));

        pull(reference);

        assertWhole(reference);
        assertThat(maker.count("GET", "/layer")).isEqualTo(1);
    }

    @Test
    void what_the_registry_has_is_asked_for_nowhere_else() throws IOException {
        allow(maker);
        var reference = serve(FOREIGN, url(maker, "/layer"));

        pull(reference);

        assertWhole(reference);
        assertThat(maker.requests()).isEmpty();
    }

    @Test
    void an_ordinary_layer_is_asked_for_nowhere_else() throws IOException {
        allow(maker);
        var reference = missing("application/vnd.oci.image.layer.v1.tar+gzip", url(maker, "/layer"));

        assertThatThrownBy(() -> pull(reference))
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("not found in registry");
        assertThat(maker.requests()).isEmpty();
    }

    @Test
    void a_registry_that_does_not_work_is_no_reason_to_ask_elsewhere() throws IOException {
        allow(maker);
        var reference = serve(FOREIGN, url(maker, "/layer"));
        registry.when("/blobs/" + digest(), 99, status(500));

        assertThatThrownBy(() -> pull(reference)).hasMessageContaining("answers 500");
        assertThat(maker.requests()).isEmpty();
    }

    @Test
    void the_next_address_is_asked_when_one_has_it_not_or_lies_or_is_down() throws IOException {
        allow(maker);
        FakeRegistry down;
        try (var gone = FakeRegistry.start()) {
            down = gone;
        }
        allow(down);
        maker.serve("/lies", "application/octet-stream", new byte[layer.length]);
        maker.serve("/short", "application/octet-stream", new byte[3]);
        var reference = missing(
                FOREIGN,
                url(maker, "/none"),
                "ftp://" + maker.host() + "/layer",
                "no address",
                url(down, "/layer"),
                url(maker, "/lies"),
                url(maker, "/short"),
                url(maker, "/layer"));

        pull(reference);

        // What the one before sent too little of is gone on from first, and then begun again.
        assertWhole(reference);
    }

    @Test
    void what_it_gives_must_be_the_layer() throws IOException {
        allow(maker);
        maker.serve("/lies", "application/octet-stream", new byte[layer.length]);
        var reference = missing(FOREIGN, url(maker, "/lies"));

        assertRefused(reference, "cannot be had from where the image says that it is", "expected " + digest());
    }

    @Test
    void a_break_is_resumed() throws IOException {
        allow(maker);
        maker.when("/layer", 1, exchange -> {
            exchange.sendResponseHeaders(200, layer.length);
            exchange.getResponseBody().write(layer, 0, 20);
            exchange.getResponseBody().flush();
            exchange.close();
        });
        var reference = missing(FOREIGN, url(maker, "/layer"));

        pull(reference);

        assertWhole(reference);
        assertThat(maker.requests().getLast().range()).contains("bytes=20-");
    }

    @Test
    void no_account_is_shown_there() throws IOException {
        allow(maker);
        registry.serve("/token", "application/json", "{\"token\":\"secret\"}".getBytes(UTF_8));
        registry.when(
                e -> e.getRequestURI().getPath().startsWith("/v2/")
                        && e.getRequestHeaders().getFirst("Authorization") == null,
                99,
                status(401, "WWW-Authenticate", "Bearer realm=\"http://" + registry.host() + "/token\""));
        maker.when(
                e -> e.getRequestURI().getPath().equals("/elsewhere"),
                1,
                status(302, "Location", url(maker, "/private")));
        maker.when(
                e -> e.getRequestURI().getPath().equals("/private"),
                1,
                status(401, "WWW-Authenticate", "Basic realm=x"));
        var reference = missing(FOREIGN, url(maker, "/elsewhere"), url(maker, "/layer"));

        // One for every host that asks, the maker's too.
        pull(reference, _ -> Optional.of(new Credential.Account("me", "password")));

        assertWhole(reference);
        assertThat(registry.requests())
                .anySatisfy(r -> assertThat(r.authorization()).contains("Bearer secret"));
        assertThat(maker.requests())
                .hasSize(3)
                .allSatisfy(r -> assertThat(r.authorization()).isEmpty());
    }

    @Test
    void plain_text_is_spoken_only_where_the_hosts_owner_says() throws IOException {
        var reference = missing(FOREIGN, url(maker, "/layer"));

        assertRefused(reference, "http://" + maker.host() + " speaks plain text", "insecure: true for " + maker.host());
        assertThat(maker.requests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "localhost",
                "[::1]",
                "169.254.169.254",
                "10.0.0.1",
                "172.16.0.1",
                "192.168.1.1",
                "100.64.0.1",
                "0.0.0.0",
                "[fe80::1]",
                "[fd00::1]",
                "[::ffff:10.0.0.1]",
                "[64:ff9b::a00:1]",
                "[2002:a00:1::1]",
                "224.0.0.1",
                "255.255.255.255"
            })
    void an_image_reaches_into_no_network_of_the_host(String host) throws IOException {
        var reference = missing(FOREIGN, "https://" + host + ":1/layer");

        assertRefused(reference, "no public one");
    }

    @ParameterizedTest
    @CsvSource({"1.1.1.1, true", "100.128.0.1, true", "2606:4700:4700::1111, true", "198.18.0.1, false", "::, false"})
    void an_address_is_public_or_not(String address, boolean is) {
        assertThat(Strangers.isPublic(InetAddress.ofLiteral(address))).isEqualTo(is);
    }

    @Test
    void a_redirect_is_looked_at_as_the_address_itself() throws IOException {
        allow(maker);
        try (var inside = FakeRegistry.start()) {
            inside.serve("/layer", "application/octet-stream", layer);
            maker.when("/plain", 1, status(302, "Location", url(inside, "/layer")));
            maker.when("/inside", 1, status(302, "Location", "https://127.0.0.1:1/layer"));
            maker.when("/file", 1, status(302, "Location", "file:///etc/passwd"));
            var reference = missing(FOREIGN, url(maker, "/plain"), url(maker, "/inside"), url(maker, "/file"));

            assertRefused(reference, "speaks plain text", "no public one", "no http or https address");
            assertThat(inside.requests()).isEmpty();

            allow(inside);
            maker.when("/plain", 1, status(302, "Location", url(inside, "/layer")));
            pull(reference);
            assertWhole(reference);
        }
    }

    @Test
    void redirects_end() throws IOException {
        allow(maker);
        maker.when("/round", 99, status(302, "Location", "/round"));
        var reference = missing(FOREIGN, url(maker, "/round"));

        assertRefused(reference, "redirects more than 10 times");
        assertThat(maker.count("GET", "/round")).isLessThan(20);
    }

    @Test
    void by_tls_the_hosts_authorities_are_believed_and_its_own_certificate_is_not_shown() throws Exception {
        var authority = TestAuthority.create(directory.resolve("authority"));
        var shown = new AtomicBoolean();
        var server = HttpsServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
        var host = "127.0.0.1:" + server.getAddress().getPort();
        var certificates = certificates(authority, "certs.d", host, "client");
        server.setHttpsConfigurator(
                new HttpsConfigurator(
                        Certificates.find(List.of(certificates(authority, "server", host, "server")), host)
                                .context()) {
                    @Override
                    public void configure(HttpsParameters parameters) {
                        var asked = getSSLContext().getDefaultSSLParameters();
                        asked.setWantClientAuth(true);
                        parameters.setSSLParameters(asked);
                    }
                });
        server.createContext("/layer", exchange -> {
            try {
                shown.set(((HttpsExchange) exchange).getSSLSession().getPeerCertificates().length > 0);
            } catch (SSLPeerUnverifiedException e) {
                shown.set(false);
            }
            try (exchange) {
                body(layer).handle(exchange);
            }
        });
        server.start();
        try (var connections = new Connections(RegistrySettings.anonymous()
                .with(Credentials.NONE, new RegistryHosts(Map.of(), List.of(certificates))))) {
            // Where the host is asked of its own accord, its certificate is shown: so the test would see it.
            var request = HttpRequest.newBuilder(URI.create("https://" + host + "/layer"))
                    .build();
            connections.client(request.uri()).send(request, HttpResponse.BodyHandlers.discarding());
            assertThat(shown).isTrue();

            var reference = missing(FOREIGN, "https://" + host + "/layer");
            pull(reference);

            assertWhole(reference);
            assertThat(shown).isFalse();
        } finally {
            server.stop(0);
        }
    }

    /** A directory as certs.d, where that host has the authority and a certificate of its own. */
    private Path certificates(TestAuthority authority, String name, String host, String own)
            throws IOException, InterruptedException {
        var all = directory.resolve(name);
        var place = Files.createDirectories(all.resolve(host));
        var issued = authority.issue(own);
        Files.copy(authority.certificate(), place.resolve("ca.crt"));
        Files.copy(issued.certificate(), place.resolve("own.cert"));
        Files.copy(issued.key(), place.resolve("own.key"));
        return all;
    }
}
