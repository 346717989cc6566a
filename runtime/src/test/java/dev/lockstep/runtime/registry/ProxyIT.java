package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.NginxFront;
import dev.lockstep.runtime.testing.TestAuthority;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.testing.TestProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Registries of names that only the proxy knows. */
class ProxyIT {
    private static final String HOST = "registry.example";
    private static final Optional<String> ACCOUNT = Optional.of("Basic bWU6U0U6Q1JFVA==");

    @TempDir
    Path directory;

    private final TestImage image = TestImage.unnamed().file("a", "x").command("x");
    private ImageStore store;

    @BeforeEach
    void open() throws IOException {
        store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
    }

    private RegistryClient client(Map<String, String> environment, Map<String, RegistryHosts.Rule> rules) {
        var usual = RegistrySettings.anonymous();
        return new RegistryClient(
                store,
                new RegistrySettings(
                        usual.connect(),
                        Duration.ofSeconds(2),
                        usual.attempts(),
                        usual.backoff(),
                        usual.longestPause(),
                        usual.layersAtOnce(),
                        Credentials.NONE,
                        new RegistryHosts(rules, List.of(directory.resolve("certs.d"))),
                        Proxies.of(environment),
                        new TestTime()));
    }

    @Test
    void a_registry_with_tls_is_reached_by_a_tunnel_for_which_the_proxy_wants_an_account() throws Exception {
        var authority = TestAuthority.create(directory.resolve("authority"));
        Files.copy(
                authority.certificate(),
                Files.createDirectories(directory.resolve("certs.d/" + HOST)).resolve("ca.crt"));
        try (var upstream = FakeRegistry.start();
                var front = NginxFront.start(directory, authority, "DNS:" + HOST, upstream.host());
                var proxy = TestProxy.start(front.port(), ACCOUNT)) {
            upstream.serve("team/app", "1", image);
            var reference = ImageReference.parse(HOST + "/team/app:1");
            try (var client = client(Map.of("https_proxy", "http://me:SE%3ACRET@" + proxy.host()), Map.of())) {
                assertThat(client.pull(reference, Progress.NONE, LayerIntake.NONE)
                                .digest())
                        .isEqualTo(image.manifest().digest());
                client.push(reference, Progress.NONE);
            }
            assertThat(proxy.heads()).isNotEmpty().allMatch(head -> head.startsWith("CONNECT registry.example:443 "));
            assertThat(front.answered())
                    .contains("HTTP/2.0 GET /v2/team/app/manifests/1 200", "HTTP/1.1 GET /v2/team/app/blobs/");
            // The account is the proxy's, and nobody else's.
            assertThat(upstream.requests()).allMatch(r -> r.proxyAuthorization().isEmpty());

            try (var client = client(Map.of("HTTPS_PROXY", "http://me:SE%3AWRONG@" + proxy.host()), Map.of())) {
                assertThatThrownBy(() -> client.resolve(reference))
                        .isInstanceOfSatisfying(
                                RegistryException.class,
                                e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.MISCONFIGURED))
                        .hasMessage("registry " + HOST + " cannot be asked: the proxy " + proxy.host()
                                + " does not take the account that it is shown");
            }
            try (var client = client(Map.of("HTTPS_PROXY", proxy.host()), Map.of())) {
                assertThatThrownBy(() -> client.resolve(reference))
                        .hasMessageContaining(proxy.host() + " wants an account");
            }
            var asked = proxy.heads().size();
            try (var client = client(Map.of("HTTPS_PROXY", proxy.host(), "NO_PROXY", HOST), Map.of())) {
                assertThatThrownBy(() -> client.resolve(reference)).hasMessageContaining("name is unknown");
            }
            assertThat(proxy.heads()).hasSize(asked);
        }
    }

    @Test
    void a_registry_in_plain_text_is_reached_by_the_other_proxy_and_one_on_the_loopback_by_none() throws Exception {
        try (var upstream = FakeRegistry.start();
                var proxy = TestProxy.start(Integer.parseInt(upstream.host().replaceFirst(".*:", "")), ACCOUNT)) {
            var direct = ImageReference.parse(upstream.serve("app", "1", image));
            var reference = ImageReference.parse(HOST + ":80/app:1");
            var rules = Map.of(HOST + ":80", new RegistryHosts.Rule(Optional.of(true), List.of()));
            var account = "me:SE%3ACRET@" + proxy.host();
            var environment = Map.of("HTTP_PROXY", account, "HTTPS_PROXY", account);
            try (var client = client(environment, rules)) {
                assertThat(client.resolve(direct)).isEqualTo(image.manifest().digest());
                assertThat(proxy.heads()).isEmpty();
                assertThat(client.pull(reference, Progress.NONE, LayerIntake.NONE)
                                .digest())
                        .isEqualTo(image.manifest().digest());
            }
            assertThat(proxy.heads()).anyMatch(head -> head.startsWith("GET http://registry.example:80/v2/"));
        }
    }

    @Test
    void a_proxy_that_is_down_is_named_without_its_account() throws Exception {
        var gone = TestProxy.start(1, Optional.empty());
        gone.close();
        try (var client = client(Map.of("HTTPS_PROXY", "http://me:SECRET@" + gone.host()), Map.of())) {
            assertThatThrownBy(() -> client.resolve(ImageReference.parse(HOST + "/app:1")))
                    .hasMessage("registry " + HOST + " over proxy " + gone.host()
                            + " is not reachable: connection refused");
        }
    }
}
