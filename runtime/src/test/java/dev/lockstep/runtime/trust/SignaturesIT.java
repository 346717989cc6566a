package dev.lockstep.runtime.trust;

import static dev.lockstep.runtime.testing.TestSigner.payload;
import static dev.lockstep.runtime.testing.TestSigner.serveReferrer;
import static dev.lockstep.runtime.testing.TestSigner.serveReferrerTag;
import static dev.lockstep.runtime.testing.TestSigner.serveTag;
import static dev.lockstep.runtime.testing.TestSigner.statement;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.registry.Credentials;
import dev.lockstep.runtime.registry.Proxies;
import dev.lockstep.runtime.registry.RegistryClient;
import dev.lockstep.runtime.registry.RegistryHosts;
import dev.lockstep.runtime.registry.RegistrySettings;
import dev.lockstep.runtime.registry.Time;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.testing.TestSigner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Good signatures and bad ones, made by openssl and served by a registry that serves anything. */
@Timeout(60)
class SignaturesIT {
    private static final String REPOSITORY = "team/app";

    private static final RegistrySettings IMPATIENT = new RegistrySettings(
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            2,
            Duration.ofMillis(10),
            Duration.ofMillis(10),
            3,
            Credentials.NONE,
            RegistryHosts.NONE,
            Proxies.NONE,
            Time.system());

    @TempDir
    Path directory;

    private Root root;
    private FakeRegistry registry;
    private RegistryClient client;
    private KnownImages known;
    private TestSigner signer;
    private TrustedKey key;
    private TestImage image;
    private Digest digest;
    private ImageReference reference;

    @BeforeEach
    void anImageAndAKey() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var store = new ImageStore(root, Platform.current(), InstantSource.system());
        registry = FakeRegistry.start();
        client = new RegistryClient(store, IMPATIENT);
        known = new KnownImages(root, store, InstantSource.system());
        signer = TestSigner.generate(directory, "release", "p256");
        key = key(signer);
        image = TestImage.named("app:1").file("a", "1");
        reference = ImageReference.parse(registry.serve(REPOSITORY, "1", image));
        digest = image.manifest().digest();
    }

    @AfterEach
    void close() {
        client.close();
        registry.close();
    }

    private static TrustedKey key(TestSigner signer) throws IOException {
        return TrustedKey.parse(signer.publicKey().getFileName().toString(), Files.readAllBytes(signer.publicKey()));
    }

    private String name() {
        return registry.host() + "/" + REPOSITORY;
    }

    private Verdict verify(TrustedKey... keys) throws IOException {
        return known.verify(client, reference, digest, List.of(keys), false);
    }

    private void refused(String why) throws IOException {
        assertThat(verify(key))
                .isInstanceOfSatisfying(
                        Verdict.NotSigned.class, v -> assertThat(v.why()).contains(why));
    }

    private void accepted(Signature.Form form) throws IOException {
        assertThat(verify(key)).isInstanceOfSatisfying(Verdict.Signed.class, v -> {
            assertThat(v.signature().form()).isEqualTo(form);
            assertThat(v.signature().key()).isEqualTo(key.id());
            assertThat(v.signature().digest()).isEqualTo(digest);
        });
    }

    private static Stream<Arguments> signers() {
        return Stream.of(
                Arguments.of("p256", List.of()),
                Arguments.of("p384", List.of()),
                Arguments.of("p384", List.of("-rawin", "-digest", "sha384")),
                Arguments.of("p521", List.of("-rawin", "-digest", "sha512")),
                Arguments.of("ed25519", List.of()),
                Arguments.of("rsa", List.of()),
                Arguments.of(
                        "rsa",
                        List.of(
                                "-rawin",
                                "-digest",
                                "sha256",
                                "-pkeyopt",
                                "rsa_padding_mode:pss",
                                "-pkeyopt",
                                "rsa_pss_saltlen:digest")),
                Arguments.of(
                        "rsa",
                        List.of(
                                "-rawin",
                                "-digest",
                                "sha256",
                                "-pkeyopt",
                                "rsa_padding_mode:pss",
                                "-pkeyopt",
                                "rsa_pss_saltlen:max")));
    }

    @ParameterizedTest
    @MethodSource("signers")
    void signatures_of_every_sort_of_key_count_in_every_form(String kind, List<String> options) throws IOException {
        var other = TestSigner.generate(directory, "other", kind);
        key = key(other);
        var signing = options.isEmpty() ? other : other.with(options.toArray(String[]::new));

        serveTag(registry, REPOSITORY, digest, signing.simple(payload(name(), digest)));
        accepted(Signature.Form.SIMPLE_SIGNING);
        forget();
        serveTag(registry, REPOSITORY, digest);
        serveReferrer(registry, REPOSITORY, digest, signing.envelope(statement(name(), digest)));
        accepted(Signature.Form.BUNDLE);
        forget();
        serveReferrer(registry, REPOSITORY, digest);
        serveReferrerTag(
                registry, REPOSITORY, digest, signing.message(image.manifest().content()));
        accepted(Signature.Form.BUNDLE);
    }

    private void forget() throws IOException {
        Files.delete(root.state().resolve("images/known/" + digest.hex()));
    }

    @Test
    void an_image_without_any_signature_says_so() throws IOException {
        refused("has no signature");
        assertThat(root.state().resolve("images/known")).isEmptyDirectory();
    }

    @Test
    void one_signature_among_many_is_found_wherever_it_is() throws IOException {
        var stranger = TestSigner.generate(directory, "stranger", "ed25519");
        serveTag(
                registry,
                REPOSITORY,
                digest,
                stranger.simple(payload(name(), digest)),
                signer.simple(payload(name(), digest)),
                stranger.simple(payload(name() + "/x", digest)));
        accepted(Signature.Form.SIMPLE_SIGNING);
    }

    @Test
    void a_signature_of_a_stranger_does_not_count() throws IOException {
        var stranger = TestSigner.generate(directory, "stranger", "rsa");
        serveTag(registry, REPOSITORY, digest, stranger.simple(payload(name(), digest)));
        refused("has a signature that no listed key made");
        serveReferrer(registry, REPOSITORY, digest, stranger.envelope(statement(name(), digest)));
        refused("has 2 signatures that no listed key made");
        assertThat(verify(key, key(stranger))).isInstanceOf(Verdict.Signed.class);
    }

    @Test
    void a_signature_of_another_image_does_not_count() throws IOException {
        var other = new Digest("ab".repeat(32));
        serveTag(registry, REPOSITORY, digest, signer.simple(payload(name(), other)));
        refused("has a signature by release.pub that is for another image");
        serveTag(registry, REPOSITORY, digest);
        serveReferrer(registry, REPOSITORY, digest, signer.envelope(statement(name(), other)));
        refused("has a signature by release.pub that is for another image");
        serveReferrer(registry, REPOSITORY, digest, signer.message("something else".getBytes(UTF_8)));
        refused("has a signature that no listed key made");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            cosign container image signature | atomic container signature | is of another type
            "type":"cosign                   | "tipe":"cosign             | is of another type
            "image":{                        | "image":{"docker-manifest-digest":"sha256:00", | is not JSON
            {"critical"                      | x{"critical"               | is not JSON
            docker-manifest-digest           | digest                     | is for another image
            """)
    void a_payload_that_says_something_else_is_no_signature(String from, String to, String why) throws IOException {
        serveTag(
                registry,
                REPOSITORY,
                digest,
                signer.simple(payload(name(), digest).replace(from, to)));
        refused(why);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            https://sigstore.dev/cosign/sign/v1 | https://slsa.dev/provenance/v1 | is an attestation and no signature
            https://in-toto.io/Statement/v1     | https://example.com/x          | is no in-toto statement
            "subject":[                         | "subjects":[                   | is for another image
            "sha256":                           | "sha512":                      | is for another image
            "subject":                          | "subject":[],"subject":        | is not JSON
            """)
    void a_statement_that_says_something_else_is_no_signature(String from, String to, String why) throws IOException {
        serveReferrer(
                registry,
                REPOSITORY,
                digest,
                signer.envelope(statement(name(), digest).replace(from, to)));
        refused(why);
    }

    @Test
    void what_was_changed_after_it_was_signed_does_not_count() throws IOException {
        var good = signer.simple(payload(name(), digest));
        var forged = payload(name(), digest).replace("null", "{\"a\":1}");
        serveTag(
                registry,
                REPOSITORY,
                digest,
                new TestSigner.Layer(TestSigner.SIMPLE, signer.simple(forged).content(), good.signature()));
        refused("that no listed key made");
        var type = "application/vnd.in-toto+json";
        var statement = statement(name(), digest);
        serveTag(registry, REPOSITORY, digest);
        // The type is signed too.
        serveReferrer(
                registry,
                REPOSITORY,
                digest,
                signer.envelope("text/plain", statement, bundle -> bundle.replace("text/plain", type)));
        refused("that no listed key made");
        serveReferrer(registry, REPOSITORY, digest, signer.envelope("text/plain", statement, b -> b));
        refused("is no in-toto statement");
    }

    @Test
    void rubbish_is_said_to_be_rubbish() throws IOException {
        var good = signer.simple(payload(name(), digest));
        serveTag(
                registry,
                REPOSITORY,
                digest,
                new TestSigner.Layer(TestSigner.SIMPLE, good.content(), "%%%"),
                new TestSigner.Layer(TestSigner.SIMPLE, good.content(), "AAAA"),
                new TestSigner.Layer("text/html", good.content(), good.signature()));
        refused("has a signature that is not base64; has a signature that no listed key made");
        serveTag(
                registry,
                REPOSITORY,
                digest,
                TestSigner.bundle("not json"),
                TestSigner.bundle("{\"mediaType\":3,\"dsseEnvelope\":[]}"),
                TestSigner.bundle("{\"mediaType\":\"" + TestSigner.BUNDLE + "\",\"dsseEnvelope\":{\"payload\":7}}"),
                TestSigner.bundle("[".repeat(100_000)));
        refused("has a bundle that cannot be read");
        registry.serve(
                "/v2/team/app/manifests/sha256-" + digest.hex() + ".sig", "text/plain", "<html>".getBytes(UTF_8));
        refused("has a list of signatures that is not JSON");
        registry.serve(
                "/v2/team/app/manifests/sha256-" + digest.hex() + ".sig",
                "text/plain",
                "{\"layers\":{\"a\":[1,null,{\"mediaType\":{}}]}}".getBytes(UTF_8));
        refused("has no signature");
    }

    @Test
    void a_huge_payload_is_not_read() throws IOException {
        var big = payload(name(), digest).replace("null", "\"" + "x".repeat(100_000) + "\"");
        serveTag(registry, REPOSITORY, digest, signer.simple(big));
        refused("has a signature of more than 64 KiB, which was not read");
        assertThat(registry.count("GET", "/blobs/")).isZero();
        serveTag(registry, REPOSITORY, digest);
        serveReferrer(registry, REPOSITORY, digest, TestSigner.bundle(" ".repeat(2 << 20)));
        refused("has a signature of more than 1024 KiB, which was not read");
    }

    @Test
    void a_registry_that_lies_about_the_size_is_cut_off() throws IOException {
        var good = signer.simple(payload(name(), digest));
        serveTag(registry, REPOSITORY, digest, good);
        registry.when("/blobs/", 99, FakeRegistry.body(new byte[10 << 20]));
        assertThatThrownBy(() -> verify(key)).hasMessageContaining("sends more than 64 KiB for");
    }

    @Test
    void other_content_than_its_digest_says_is_an_error() throws IOException {
        serveTag(registry, REPOSITORY, digest, signer.simple(payload(name(), digest)));
        registry.when("/blobs/", 99, FakeRegistry.body("other".getBytes(UTF_8)));
        assertThatThrownBy(() -> verify(key)).hasMessageContaining("gives other content for sha256:");
    }

    @Test
    void of_thousands_of_signatures_the_newest_count_and_no_more_are_asked_for() throws IOException {
        var stranger = TestSigner.generate(directory, "stranger", "ed25519");
        var wrong = stranger.simple(payload(name(), digest));
        var layers = new ArrayList<TestSigner.Layer>();
        layers.add(signer.simple(payload(name(), digest)));
        for (var i = 0; i < 3000; i++) {
            layers.add(wrong);
        }
        serveTag(registry, REPOSITORY, digest, layers.toArray(TestSigner.Layer[]::new));
        refused("has 3001 signatures; only the newest 256 were read");
        assertThat(registry.count("GET", "/blobs/")).isLessThanOrEqualTo(256);
        layers.add(signer.simple(payload(name(), digest)));
        serveTag(registry, REPOSITORY, digest, layers.toArray(TestSigner.Layer[]::new));
        accepted(Signature.Form.SIMPLE_SIGNING);
    }

    @Test
    void of_hundreds_of_documents_that_refer_to_an_image_no_more_than_some_are_read() throws IOException {
        var entry = "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"size\":2,\"digest\":\"sha256:"
                + "0".repeat(61) + "%03d\"}";
        var list =
                Stream.iterate(0, i -> i + 1).limit(500).map(entry::formatted).toList();
        registry.serve(
                "/v2/team/app/referrers/" + digest,
                "application/vnd.oci.image.index.v1+json",
                ("{\"schemaVersion\":2,\"manifests\":[" + String.join(",", list) + "]}").getBytes(UTF_8));
        refused("has more than 64 documents that refer to it; only those were read");
        assertThat(registry.count("GET", "/manifests/sha256:")).isEqualTo(64);
    }

    @Test
    void pages_of_the_list_are_turned_and_other_servers_are_not_asked() throws IOException {
        serveReferrer(registry, REPOSITORY, digest, signer.envelope(statement(name(), digest)));
        var path = "/v2/team/app/referrers/" + digest;
        var page = registry.content(path).orElseThrow();
        registry.serve("/v2/team/app/referrers/second", "application/vnd.oci.image.index.v1+json", page);
        registry.when(path, 1, exchange -> {
            exchange.getResponseHeaders().add("Link", "</v2/team/app/referrers/second>; rel=\"next\"");
            FakeRegistry.body("{\"manifests\":[]}".getBytes(UTF_8)).handle(exchange);
        });
        accepted(Signature.Form.BUNDLE);
        forget();
        registry.when(path, 1, exchange -> {
            exchange.getResponseHeaders().add("Link", "<http://127.0.0.1:1/x>; rel=\"next\"");
            FakeRegistry.body("{\"manifests\":[]}".getBytes(UTF_8)).handle(exchange);
        });
        assertThatThrownBy(() -> verify(key)).hasMessageContaining("no page of its own");
    }

    @Test
    void what_was_verified_is_believed_without_the_registry_as_long_as_the_key_is() throws IOException {
        serveTag(registry, REPOSITORY, digest, signer.simple(payload(name(), digest)));
        accepted(Signature.Form.SIMPLE_SIGNING);
        registry.goAway();
        accepted(Signature.Form.SIMPLE_SIGNING);
        var next = key(TestSigner.generate(directory, "next", "p256"));
        assertThat(verify(next, key)).isInstanceOf(Verdict.Signed.class);
        assertThatThrownBy(() -> verify(next)).hasMessageContaining("is not reachable");
    }

    @Test
    void a_damaged_note_of_what_was_verified_is_not_believed() throws IOException {
        serveTag(registry, REPOSITORY, digest, signer.simple(payload(name(), digest)));
        accepted(Signature.Form.SIMPLE_SIGNING);
        var file = root.state().resolve("images/known/" + digest.hex());
        var good = Files.readString(file);
        // Renamed to another image: it says itself what it is about.
        var other = new Digest("cd".repeat(32));
        Files.writeString(root.state().resolve("images/known/" + other.hex()), good);
        assertThat(known.signatures(other)).isEmpty();
        Files.writeString(file, good.substring(0, good.length() / 2));
        assertThat(known.signatures(digest)).isEmpty();
        accepted(Signature.Form.SIMPLE_SIGNING);
        assertThat(known.signatures(digest)).hasSize(1);
    }

    @Test
    void a_root_that_is_only_read_gets_no_note() throws IOException {
        serveTag(registry, REPOSITORY, digest, signer.simple(payload(name(), digest)));
        var reading = Root.openForReading(directory.resolve("state"), directory.resolve("run"));
        var looking = new KnownImages(
                reading, new ImageStore(reading, Platform.current(), InstantSource.system()), InstantSource.system());
        assertThat(looking.verify(client, reference, digest, List.of(key), false))
                .isInstanceOf(Verdict.Signed.class);
        assertThat(looking.signatures(digest)).isEmpty();
    }

    @Test
    void a_signature_for_another_repository_counts_only_where_that_is_nobodys_concern() throws IOException {
        serveTag(registry, REPOSITORY, digest, signer.simple(payload(registry.host() + "/team/test", digest)));
        accepted(Signature.Form.SIMPLE_SIGNING);
        assertThat(known.verify(client, reference, digest, List.of(key), true))
                .isEqualTo(
                        new Verdict.NotSigned("has a signature by release.pub that was made for another repository"));
        serveReferrer(registry, REPOSITORY, digest, signer.envelope(statement("", digest)));
        serveTag(registry, REPOSITORY, digest);
        assertThat(known.verify(client, reference, digest, List.of(key), true))
                .isEqualTo(new Verdict.NotSigned("has a signature by release.pub that was made for no repository"));
        serveReferrer(registry, REPOSITORY, digest, signer.envelope(statement(name(), digest)));
        assertThat(known.verify(client, reference, digest, List.of(key), true)).isInstanceOf(Verdict.Signed.class);
        registry.goAway();
        assertThat(known.verify(client, reference, digest, List.of(key), true)).isInstanceOf(Verdict.Signed.class);
    }

    @Test
    void the_index_is_signed_for_those_who_come_by_it_and_its_parts_are_not() throws IOException {
        var index = TestImage.index(image);
        registry.manifest(REPOSITORY, "2", index);
        serveTag(registry, REPOSITORY, index.digest(), signer.simple(payload(name(), index.digest())));
        assertThat(known.verify(client, reference, index.digest(), List.of(key), false))
                .isInstanceOf(Verdict.Signed.class);
        refused("has no signature");
    }

    @Test
    void a_registry_that_fails_is_an_error_and_no_verdict() {
        registry.when("/manifests/sha256-", 99, FakeRegistry.status(403));
        assertThatThrownBy(() -> verify(key)).hasMessageContaining("denies access");
    }

    @Test
    void a_registry_that_does_not_know_the_question_for_referrers_is_asked_by_tag() throws IOException {
        for (var status : List.of(400, 404, 405, 406)) {
            registry.when("/referrers/", 1, FakeRegistry.status(status));
            serveReferrerTag(registry, REPOSITORY, digest, signer.envelope(statement(name(), digest)));
            accepted(Signature.Form.BUNDLE);
            forget();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void whatever_is_spoilt_in_a_signature_it_does_not_count_and_nothing_breaks(String property) throws IOException {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var chance = new Random(seed);
        var good = signer.envelope(statement(name(), digest));
        var text = new String(good.content().content(), UTF_8);
        // The hint, and what follows it up to the envelope, is not signed.
        var from = text.indexOf("\"dsseEnvelope\"");
        for (var i = 0; i < Integer.getInteger("lockstep.count", 100); i++) {
            var spoilt = new StringBuilder(text);
            var at = chance.nextInt(from, text.length() - 1);
            var c = (char) chance.nextInt(32, 127);
            if (spoilt.charAt(at) == c) {
                continue;
            }
            spoilt.setCharAt(at, c);
            serveReferrer(registry, REPOSITORY, digest, TestSigner.bundle(spoilt.toString()));
            assertThat(verify(key))
                    .as("seed %s, case %d: %s", Long.toUnsignedString(seed), i, spoilt)
                    .satisfiesAnyOf(
                            v -> assertThat(v).isInstanceOf(Verdict.NotSigned.class),
                            // The last character of base64 has bits that mean nothing.
                            v -> assertThat(Bundle.parse(
                                            root.json(), spoilt.toString().getBytes(UTF_8)))
                                    .get()
                                    .usingRecursiveComparison()
                                    .isEqualTo(Bundle.parse(root.json(), text.getBytes(UTF_8))
                                            .orElseThrow()));
            Files.deleteIfExists(root.state().resolve("images/known/" + digest.hex()));
        }
    }
}
