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
import dev.lockstep.runtime.testing.RealRegistry;
import dev.lockstep.runtime.testing.TestAuthority;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real registry with TLS, client certificates and accounts. */
class RegistryTlsIT {
    private static final String HTPASSWD = "auth: {htpasswd: {realm: test, path: '%s'}}";
    /** User me, password {@code pass:word}, as {@code htpasswd -B} writes it. */
    private static final String ACCOUNT = "me:$2y$05$abcdefghijklmnopqrstuuDIEddBSuRWBBEY6g5zv60IAP5bSSfki\n";

    @TempDir
    Path directory;

    private final TestImage image =
            TestImage.unnamed().file("etc/motd", "hello").command("x");
    private ImageStore store;
    private TestAuthority authority;
    private TestAuthority.Issued server;

    @BeforeEach
    void prepare() throws Exception {
        store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
        authority = TestAuthority.create(directory.resolve("authority"));
        server = authority.issue("server");
    }

    private RealRegistry registry(String moreTls, String sections) throws IOException {
        return RealRegistry.start(
                directory.resolve("registry"),
                "tls: {certificate: '" + server.certificate() + "', key: '" + server.key() + "'" + moreTls + "}",
                sections);
    }

    private Path certificates() {
        return directory.resolve("certs.d");
    }

    private Path certificates(RealRegistry registry) throws IOException {
        return Files.createDirectories(certificates().resolve(registry.host()));
    }

    private RegistryClient client(Credentials credentials, Map<String, RegistryHosts.Rule> rules) {
        return new RegistryClient(
                store,
                RegistrySettings.anonymous()
                        .with(
                                credentials,
                                new RegistryHosts(rules, List.of(directory.resolve("none"), certificates()))));
    }

    private static RegistryHosts.Rule insecure(boolean yes) {
        return new RegistryHosts.Rule(Optional.of(yes), List.of());
    }

    private static void misconfigured(ThrowingCallable call, String message) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RegistryException.class,
                        e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.MISCONFIGURED))
                .hasMessageContaining(message);
    }

    @Test
    void a_registry_of_an_authority_of_ones_own_is_trusted_once_its_certificate_is_there() throws Exception {
        try (var registry = registry("", "");
                var client = client(Credentials.NONE, Map.of())) {
            var reference = ImageReference.parse(registry.push(image, "app:1"));
            var other = TestAuthority.create(directory.resolve("other"));
            var file = certificates(registry).resolve("ca.crt");

            Files.copy(other.certificate(), file);
            assertThatThrownBy(() -> client.resolve(reference))
                    .hasMessageContaining("registry " + registry.host() + " is not reachable:")
                    .hasMessageContaining("PKIX path");
            Files.writeString(file, "no certificate");
            misconfigured(() -> client.resolve(reference), file + " holds no certificate");
            Files.write(file, Files.readAllBytes(authority.certificate()));

            assertThat(client.pull(reference, Progress.NONE, LayerIntake.NONE).digest())
                    .isEqualTo(image.manifest().digest());
        }
    }

    @Test
    void a_certificate_for_another_host_is_refused_and_accepted_where_its_owner_says_insecure() throws Exception {
        server = authority.issue("elsewhere", "subjectAltName=DNS:elsewhere.example", "-newkey rsa:2048");
        try (var registry = registry("", "")) {
            var reference = ImageReference.parse(registry.push(image, "app:1"));
            Files.copy(authority.certificate(), certificates(registry).resolve("ca.crt"));
            try (var client = client(Credentials.NONE, Map.of())) {
                assertThatThrownBy(() -> client.resolve(reference))
                        .hasMessageContaining("No subject alternative names matching IP address 127.0.0.1");
            }
            try (var client = client(Credentials.NONE, Map.of(registry.host(), insecure(true)))) {
                assertThat(client.pull(reference, Progress.NONE, LayerIntake.NONE)
                                .digest())
                        .isEqualTo(image.manifest().digest());
            }
        }
    }

    @Test
    void an_insecure_registry_without_tls_is_spoken_to_in_plain_text_and_a_secure_one_is_not() throws Exception {
        try (var registry = RealRegistry.start(directory.resolve("registry"))) {
            var reference = ImageReference.parse(registry.push(image, "app:1"));
            try (var client = client(Credentials.NONE, Map.of(registry.host(), insecure(true)))) {
                assertThat(client.resolve(reference)).isEqualTo(image.manifest().digest());
            }
            try (var client = client(Credentials.NONE, Map.of(registry.host(), insecure(false)))) {
                assertThatThrownBy(() -> client.resolve(reference))
                        .hasMessageContaining("registry " + registry.host() + " is not reachable:");
            }
        }
    }

    @Test
    void a_client_certificate_is_shown_with_a_key_of_any_form() throws Exception {
        try (var registry = registry(", clientcas: ['" + authority.certificate() + "']", "")) {
            var client1 = authority.issue("one");
            var client2 = authority.issue("two", "subjectAltName=DNS:two", "-newkey rsa:2048");
            authority.openssl("ec -in one.key -out one-sec1.key");
            authority.openssl("rsa -in two.key -traditional -out two-pkcs1.key");
            authority.openssl("pkey -in one.key -aes256 -passout pass:x -out locked.key");
            var place = certificates(registry);
            Files.copy(authority.certificate(), place.resolve("ca.crt"));
            var certificate = place.resolve("client.cert");
            var key = place.resolve("client.key");
            try (var client = client(Credentials.NONE, Map.of())) {
                var reference = ImageReference.parse(registry.host() + "/app:1");
                assertThatThrownBy(() -> client.resolve(reference)).hasMessageContaining("is not reachable");

                Files.copy(client1.certificate(), certificate);
                misconfigured(() -> client.resolve(reference), key + " is missing");
                Files.copy(client1.key(), key);
                Files.delete(certificate);
                misconfigured(() -> client.resolve(reference), certificate + " is missing");

                var forms = new ArrayList<>(List.of(client1.key(), place(client1, "one-sec1.key")));
                for (var form : forms) {
                    replace(certificate, client1.certificate());
                    replace(key, form);
                    notFound(client, reference);
                }
                for (var form : List.of(client2.key(), place(client2, "two-pkcs1.key"))) {
                    replace(certificate, client2.certificate());
                    replace(key, form);
                    notFound(client, reference);
                }
                replace(key, place(client1, "locked.key"));
                misconfigured(() -> client.resolve(reference), key + " is encrypted: 'openssl pkey'");
                replace(key, client1.key());
                misconfigured(
                        () -> client.resolve(reference), key + " does not hold a key of the certificate's kind, RSA");
                replace(key, client1.certificate());
                misconfigured(() -> client.resolve(reference), key + " holds no private key");
            }
        }
    }

    private static Path place(TestAuthority.Issued beside, String name) {
        return beside.key().resolveSibling(name);
    }

    private static void replace(Path file, Path content) throws IOException {
        Files.deleteIfExists(file);
        Files.write(file, Files.readAllBytes(content));
    }

    /** It answers: TLS is through. */
    private static void notFound(RegistryClient client, ImageReference reference) {
        assertThatThrownBy(() -> client.resolve(reference))
                .isInstanceOfSatisfying(
                        RegistryException.class,
                        e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.NOT_FOUND));
    }

    @Test
    void an_account_of_the_hosts_file_opens_a_registry_with_passwords() throws Exception {
        var passwords = Files.writeString(directory.resolve("htpasswd"), ACCOUNT);
        try (var registry = registry("", HTPASSWD.formatted(passwords))) {
            Files.copy(authority.certificate(), certificates(registry).resolve("ca.crt"));
            var reference = ImageReference.parse(registry.push(image, "app:1", List.of("--dest-creds=me:pass:word")));
            try (var anonymous = client(Credentials.NONE, Map.of());
                    var wrong = client(host -> Optional.of(new Credential.Account("me", "wrong")), Map.of())) {
                for (var client : List.of(anonymous, wrong)) {
                    assertThatThrownBy(() -> client.pull(reference, Progress.NONE, LayerIntake.NONE))
                            .isInstanceOfSatisfying(
                                    RegistryException.class,
                                    e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.DENIED))
                            .hasMessageNotContaining("wrong");
                }
            }
            var config = Files.writeString(
                    directory.resolve("config.json"),
                    "{\"auths\":{\"https://" + registry.host() + "/v2/\":{\"auth\":\"bWU6cGFzczp3b3Jk\"}}}");
            try (var client = client(CredentialFile.shared(config, Map.of()), Map.of())) {
                assertThat(client.pull(reference, Progress.NONE, LayerIntake.NONE)
                                .digest())
                        .isEqualTo(image.manifest().digest());
            }
        }
    }

    @Test
    void an_image_comes_from_a_mirror_and_what_it_lacks_from_the_registry() throws Exception {
        try (var registry =
                        registry("", HTPASSWD.formatted(Files.writeString(directory.resolve("htpasswd"), ACCOUNT)));
                var mirror = FakeRegistry.start();
                var broken = FakeRegistry.start()) {
            Files.copy(authority.certificate(), certificates(registry).resolve("ca.crt"));
            var reference = ImageReference.parse(registry.push(image, "app:1", List.of("--dest-creds=me:pass:word")));
            mirror.manifest("proxy/app", "1", image.manifest());
            broken.when("/v2/", 99, FakeRegistry.status(403));
            var rule = new RegistryHosts.Rule(
                    Optional.empty(),
                    List.of(
                            RegistryHosts.Mirror.parse(broken.host()),
                            RegistryHosts.Mirror.parse(mirror.host() + "/proxy")));
            var asked = new ArrayList<String>();
            Credentials accounts = host -> {
                asked.add(host);
                return host.equals(registry.host())
                        ? Optional.of(new Credential.Account("me", "pass:word"))
                        : Optional.empty();
            };
            try (var client = client(accounts, Map.of(registry.host(), rule))) {
                assertThat(client.resolve(reference)).isEqualTo(image.manifest().digest());
                assertThat(asked).isEmpty();
                assertThat(client.pull(reference, Progress.NONE, LayerIntake.NONE)
                                .digest())
                        .isEqualTo(image.manifest().digest());
            }
            // A mirror that refuses is left alone after that, one that lacks something is asked for everything.
            assertThat(broken.requests()).hasSize(1);
            assertThat(mirror.count("HEAD", "/v2/proxy/app/manifests/1")).isEqualTo(1);
            assertThat(mirror.count("GET", "/v2/proxy/app/manifests/1")).isEqualTo(1);
            assertThat(mirror.count("GET", "/v2/proxy/app/blobs/")).isEqualTo(2);
            assertThat(List.of(mirror, broken))
                    .flatExtracting(FakeRegistry::requests)
                    .allMatch(r -> r.authorization().isEmpty());
        }
    }

    @Test
    void content_that_a_mirror_changed_is_taken_from_the_registry() throws Exception {
        try (var origin = FakeRegistry.start();
                var mirror = FakeRegistry.start()) {
            var reference = ImageReference.parse(origin.serve("app", "1", image));
            mirror.serve("app", "1", image);
            var layer = image.blobs().getLast();
            var changed = layer.content().clone();
            changed[7]++;
            mirror.when(layer.digest().toString(), 1, FakeRegistry.body(changed));
            var rule = new RegistryHosts.Rule(Optional.empty(), List.of(RegistryHosts.Mirror.parse(mirror.host())));
            try (var client = client(Credentials.NONE, Map.of(origin.host(), rule))) {
                assertThat(client.pull(reference, Progress.NONE, LayerIntake.NONE)
                                .digest())
                        .isEqualTo(image.manifest().digest());
            }
            assertThat(origin.requests())
                    .extracting(FakeRegistry.Request::path)
                    .containsExactly("/v2/app/blobs/" + layer.digest());
        }
    }
}
