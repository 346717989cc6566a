package dev.lockstep.reconciler.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.runtime.testing.TestSigner;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.ImagePolicy;
import dev.lockstep.spec.settings.RepositorySettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the rules of the host, the repository and the stack make of one image. */
class ImageGateIT {
    @TempDir
    Path directory;

    private FakeRegistry registry;
    private Engine engine;
    private TestImage image;
    private ImageReference reference;
    private TestSigner signer;
    private Instant now = Instant.parse("2026-11-25T12:00:00Z");
    private final Attempts attempts = new Attempts();

    @BeforeEach
    void anImageInARegistry() throws IOException {
        registry = FakeRegistry.start();
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "h", Optional.of(Path.of("/l")), false));
        image = TestImage.named("app").file("version", "1");
        reference = ImageReference.parse(registry.serve("team/app", "latest", image));
        signer = TestSigner.generate(directory, "release", "p256");
    }

    @AfterEach
    void close() throws IOException {
        engine.close();
        registry.close();
    }

    private ImagePolicy host(String rules) {
        var read = AgentSettings.read(
                directory.resolve("agent.yaml").toString(), ("images:\n" + rules.indent(2)).getBytes(UTF_8));
        return switch (read) {
            case AgentSettings.Read.Valid(var settings, var unused) -> settings.images();
            case AgentSettings.Read.Invalid(var errors, var unused) -> throw new AssertionError(errors.toString());
        };
    }

    private static List<ImagePolicy> repository(String yaml) {
        return switch (RepositorySettings.read("lockstep.yaml", yaml.getBytes(UTF_8))) {
            case RepositorySettings.Read.Valid valid -> valid.settings().imagePolicies("shop");
            case RepositorySettings.Read.Invalid invalid ->
                throw new AssertionError(invalid.errors().toString());
        };
    }

    private Resolution remote() {
        return new Resolution.Remote(image.manifest().digest());
    }

    private Resolution local() throws IOException {
        var here = engine.images().find(image.manifest().digest()).orElseThrow();
        return new Resolution.Local(here.digest(), here.config());
    }

    private List<String> refusals(Resolution resolution, ImagePolicy... policies) {
        return new ImageGate(engine, List.of(policies), attempts, () -> now, Instant.EPOCH)
                .refusals(reference, resolution);
    }

    private void sign() throws IOException {
        var digest = image.manifest().digest();
        var name = registry.host() + "/team/app";
        TestSigner.serveTag(registry, "team/app", digest, signer.simple(TestSigner.payload(name, digest)));
    }

    @Test
    void what_is_still_to_be_built_is_refused_at_once_where_it_could_not_run_then() {
        var pulled = host("rules: {'*': {local: refuse}}");
        var signed = host("rules: {'*': {require-signed: '" + signer.publicKey() + "'}}");
        for (var policy : List.of(pulled, signed)) {
            assertThat(refusals(new Resolution.Unbuilt("waits", false), policy))
                    .singleElement()
                    .asString()
                    .startsWith("is built on this host and not pushed; only what is pu");
            assertThat(refusals(new Resolution.Unbuilt("waits", true), policy)).isEmpty();
        }
        assertThat(refusals(new Resolution.Unbuilt("waits", false), host("rules: {'*': {}}")))
                .isEmpty();
    }

    @Test
    void what_a_repository_says_can_only_take_away() throws IOException {
        var strict = host("rules: {'*': {forbid-latest: true}}");
        var lax = repository("policy: {images: {'*': {}, '" + registry.host() + "/team/app': {local: allow}}}");
        var policies = new ArrayList<>(lax);
        policies.addFirst(strict);
        assertThat(refusals(remote(), policies.toArray(ImagePolicy[]::new)))
                .singleElement()
                .asString()
                .contains("the tag latest is forbidden", "agent.yaml:2:11");

        var all = new ArrayList<>(repository("""
                stacks: {shop: {policy: {registries: [other.example]}}}
                policy: {images: {"*": {require-digest: true}}}
                """));
        all.addFirst(strict);
        assertThat(refusals(remote(), all.toArray(ImagePolicy[]::new)))
                .satisfiesExactly(
                        host -> assertThat(host).contains("latest"),
                        repository -> assertThat(repository).contains("by its digest", "lockstep.yaml:2:19"),
                        stack ->
                                assertThat(stack).contains("allowed are those of other.example", "lockstep.yaml:1:26"));
        // Both want a signature, by keys of their own.
        sign();
        var other = TestSigner.generate(directory, "other", "p256");
        var keys = host("rules: {'*': {require-signed: release.pub}}");
        assertThat(refusals(remote(), keys)).isEmpty();
        var theirs = repository("policy: {images: {'*': {require-signed: \""
                + Files.readString(other.publicKey()).replace("\n", "\\n") + "\"}}}");
        assertThat(refusals(remote(), keys, theirs.getFirst()))
                .singleElement()
                .asString()
                .contains("no listed key made", "lockstep.yaml:1:19");
    }

    @Test
    void an_exception_is_an_exception_and_an_empty_list_allows_nothing() {
        assertThat(refusals(
                        remote(), host("rules: {'*': {forbid-latest: true}, '" + registry.host() + "/team/*': {}}")))
                .isEmpty();
        assertThat(refusals(remote(), host("registries: []")))
                .singleElement()
                .asString()
                .contains("no registry is");
        assertThat(refusals(remote(), ImagePolicy.NONE)).isEmpty();
    }

    @Test
    void a_digest_is_no_latest() {
        reference = ImageReference.parse(reference + "@" + image.manifest().digest());
        assertThat(refusals(remote(), host("rules: {'*': {forbid-latest: true, require-digest: true}}")))
                .isEmpty();
    }

    @Test
    void what_cannot_be_looked_up_cannot_be_known_to_be_signed() {
        var unknown = new Resolution.Unknown("registry is down");
        assertThat(refusals(unknown, host("rules: {'*': {require-signed: release.pub}}")))
                .singleElement()
                .asString()
                .contains("is wanted signed, and cannot be checked: registry is down");
        assertThat(refusals(unknown, host("rules: {'*': {local: refuse}}"))).isEmpty();
    }

    @Test
    void what_root_brought_here_is_told_from_what_came_from_a_registry() throws IOException {
        var signed = "rules: {'*': {require-signed: release.pub%s}}";
        var refuse = host("rules: {'*': {local: refuse}}");
        engine.images()
                .importArchive(image.ociArchive(directory.resolve("a.tar")), Optional.of(reference), Progress.NONE);
        assertThat(refusals(local(), host(signed.formatted(""))))
                .singleElement()
                .asString()
                .contains("by hand");
        assertThat(refusals(local(), host(signed.formatted(", local: allow")))).isEmpty();
        assertThat(refusals(local(), refuse)).singleElement().asString().contains("brought to this host by hand");

        // Pulled under another name: no root has vouched for it, and neither has the registry of this one.
        var elsewhere = ImageReference.parse(registry.serve("evil/app", "1", image));
        engine.pull(elsewhere, Progress.NONE);
        assertThat(refusals(local(), host(signed.formatted(", local: allow"))))
                .singleElement()
                .asString()
                .contains("has no signature");
        assertThat(refusals(local(), refuse)).hasSize(1);

        engine.pull(reference, Progress.NONE);
        assertThat(refusals(local(), refuse)).isEmpty();
        now = now.plusSeconds(60);
        sign();
        assertThat(refusals(local(), host(signed.formatted("")))).isEmpty();
    }

    @Test
    void an_answer_that_was_no_good_is_not_asked_for_again_at_once() throws IOException {
        var policy = host("rules: {'*': {require-signed: release.pub}}");
        assertThat(refusals(remote(), policy)).singleElement().asString().contains("has no signature");
        var asked = registry.requests().size();
        sign();
        assertThat(refusals(remote(), policy)).hasSize(1);
        assertThat(registry.requests()).hasSize(asked);
        now = now.plusSeconds(1);
        assertThat(refusals(remote(), policy)).isEmpty();
        registry.goAway();
        assertThat(refusals(remote(), policy)).isEmpty();
    }

    @Test
    void another_key_file_is_another_question() throws IOException {
        var policy = host("rules: {'*': {require-signed: release.pub}}");
        sign();
        assertThat(refusals(remote(), policy)).isEmpty();
        Files.copy(
                TestSigner.generate(directory, "next", "ed25519").publicKey(),
                directory.resolve("release.pub"),
                StandardCopyOption.REPLACE_EXISTING);
        assertThat(refusals(remote(), policy)).singleElement().asString().contains("no listed key made");
        Files.delete(directory.resolve("release.pub"));
        Files.createDirectory(directory.resolve("release.pub"));
        assertThat(refusals(remote(), policy)).singleElement().asString().contains("is not a file");
    }
}
