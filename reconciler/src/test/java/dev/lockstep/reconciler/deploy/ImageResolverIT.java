package dev.lockstep.reconciler.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.deploy.StackBuilds.BuildState;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.policy.Confinement;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When tags are looked up, for each pull policy; the time is the test's. */
class ImageResolverIT {
    @TempDir
    Path directory;

    private FakeRegistry registry;
    private Engine engine;
    private ImageReference reference;
    private final Attempts attempts = new Attempts();
    private Instant now = Instant.now();
    private Optional<ImageResolver> last = Optional.empty();

    @BeforeEach
    void aRegistryWithOneImage() throws IOException {
        registry = FakeRegistry.start();
        engine = Engine.open(options());
        reference = ImageReference.parse(registry.serve("app", "1", image("1")));
    }

    private EngineOptions options() {
        return new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "h", Optional.of(Path.of("/l")), false);
    }

    @AfterEach
    void close() throws IOException {
        engine.close();
        registry.close();
    }

    private static TestImage image(String content) {
        return TestImage.named("app").file("version", content);
    }

    private static Digest digest(String content) {
        return image(content).manifest().digest();
    }

    private void push(String content) {
        registry.serve("app", "1", image(content));
    }

    private void pull() throws IOException {
        engine.pull(reference, Progress.NONE);
        now = Instant.now();
    }

    private long asked() {
        return registry.count("HEAD", "/manifests/");
    }

    private static Project project(String yaml) {
        var loaded = new ComposeLoader().load(LoadRequest.of(new OneFile(yaml)).withDefaultName("shop"));
        return switch (loaded) {
            case Loaded.Valid valid -> valid.project();
            case Loaded.Invalid invalid ->
                throw new AssertionError(invalid.errors().toString());
        };
    }

    private record OneFile(String text) implements FileTree {
        @Override
        public Optional<byte[]> read(String path) {
            return path.equals("compose.yaml") ? Optional.of(text.getBytes(UTF_8)) : Optional.empty();
        }

        @Override
        public List<Entry> list(String directory) {
            return List.of(new Entry("compose.yaml", false));
        }
    }

    private Project service(String policy) {
        return project(
                "services: {web: {image: '" + reference + "'" + (policy.isEmpty() ? "" : ", " + policy) + "}}\n");
    }

    private Resolution resolve(Project project, PlanOptions options, Engine with, ImagePolicy policy) {
        var gate = new ImageGate(with, List.of(policy), attempts, () -> now, options.since());
        var resolver =
                new ImageResolver(with, List.of(), PullDemands.of(project, options, now), options, gate, attempts, now);
        last = Optional.of(resolver);
        return resolver.apply(reference);
    }

    /** What an agent makes of it whose host says that of what is another's. */
    private Resolution besideAnother(String hostPolicy, ImageOwners.Makers makers) throws IOException {
        var policy = switch (AgentSettings.read("agent.yaml", hostPolicy.getBytes(UTF_8))) {
            case AgentSettings.Read.Valid valid -> valid.settings().policy();
            case AgentSettings.Read.Invalid invalid ->
                throw new AssertionError(invalid.errors().toString());
        };
        var options = PlanOptions.followed(Set.of(), Instant.EPOCH);
        var project = service("");
        var resolver = new ImageResolver(
                        engine,
                        engine.containers().observe(),
                        PullDemands.of(project, options, now),
                        options,
                        new ImageGate(engine, List.of(), attempts, () -> now, options.since()),
                        attempts,
                        now)
                .heeding(new ImageOwners(
                        makers, new Confinement(List.of(policy.layer("shop", Optional.of("https://git.example/b"))))));
        last = Optional.of(resolver);
        return resolver.apply(reference);
    }

    @Test
    void what_anothers_build_has_called_so_is_not_what_a_stack_means() throws IOException {
        var theirs = image("theirs");
        engine.images()
                .importArchive(theirs.dockerArchive(directory.resolve("t.tar")), Optional.empty(), Progress.NONE);
        engine.images().tag(theirs.manifest().digest(), reference);
        ImageOwners.Makers makers =
                (name, digest) -> Optional.of("https://git.example/a").filter(_ -> name.equals(reference));

        // Its registry has it.
        assertThat(besideAnother("{}", makers)).isEqualTo(new Resolution.Remote(digest("1")));
        // The host's owner says that it is meant; or the repository builds it itself.
        isLocal(besideAnother("policy: {external: ['image:" + registry.host() + "/app']}", makers), "theirs");
        isLocal(besideAnother("{}", ImageOwners.Makers.NONE), "theirs");
        // No registry has it: nothing is run, and why is said.
        registry.forget("/manifests/1");
        assertThat(besideAnother("policy: {external: ['image:" + registry.host() + "/other']}", makers))
                .isInstanceOfSatisfying(
                        Resolution.Unknown.class,
                        unknown -> assertThat(unknown.why())
                                .contains(
                                        "; the image of that name on this host is not meant, which https://git.example/a"
                                                + " builds. This host does not allow it"));
        // What the registry has given is meant, whoever built it here.
        engine.knownImages().received(reference, theirs.manifest().digest());
        isLocal(besideAnother("{}", makers), "theirs");
    }

    private Resolution byHand(String policy) {
        return resolve(service(policy), PlanOptions.byHand(false, false, Optional.empty()), engine, ImagePolicy.NONE);
    }

    private Resolution byAgent(String policy, Instant since) {
        return resolve(service(policy), PlanOptions.followed(Set.of(), since), engine, ImagePolicy.NONE);
    }

    private ImageResolver resolver() {
        return last.orElseThrow();
    }

    private static void isLocal(Resolution resolution, String content) {
        assertThat(resolution)
                .isInstanceOfSatisfying(
                        Resolution.Local.class, l -> assertThat(l.digest()).isEqualTo(digest(content)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "pull_policy: missing", "pull_policy: if_not_present"})
    void missing_looks_up_what_is_not_here_and_nothing_else(String policy) throws IOException {
        assertThat(byHand(policy)).isEqualTo(new Resolution.Remote(digest("1")));
        pull();
        push("2");
        var before = asked();
        now = now.plus(Duration.ofDays(1000));
        isLocal(byHand(policy), "1");
        assertThat(asked()).isEqualTo(before);
        assertThat(resolver().next()).isEmpty();
    }

    @Test
    void never_asks_nobody() throws IOException {
        assertThat(byHand("pull_policy: never")).isInstanceOf(Resolution.Unknown.class);
        assertThat(resolver().problem(reference)).get().asString().contains("is not on this host");
        assertThat(registry.requests()).isEmpty();
        pull();
        var before = registry.requests().size();
        isLocal(byHand("pull_policy: never"), "1");
        assertThat(resolver().problem(reference)).isEmpty();
        assertThat(registry.requests()).hasSize(before);
    }

    @ParameterizedTest
    @CsvSource({
        "daily, P1D",
        "weekly, P7D",
        "every_12h, PT12H",
        "every_1w2d3h, P9DT3H",
        "every_90m, PT90M",
        "'refresh, pull_refresh_after: 6h', PT6H"
    })
    void a_tag_is_looked_up_when_it_was_looked_up_too_long_ago(String policy, Duration age) throws IOException {
        pull();
        push("2");
        isLocal(byHand("pull_policy: " + policy), "1");
        assertThat(resolver().next().orElseThrow()).isBetween(now.plus(age).minusSeconds(60), now.plus(age));
        now = now.plus(age).minusSeconds(60);
        isLocal(byHand("pull_policy: " + policy), "1");
        assertThat(asked()).isZero();
        now = now.plusSeconds(61);
        assertThat(byHand("pull_policy: " + policy)).isInstanceOfSatisfying(Resolution.Remote.class, remote -> {
            assertThat(remote.digest()).isEqualTo(digest("2"));
            assertThat(policy)
                    .startsWith(
                            policy.startsWith("refresh")
                                    ? "refresh"
                                    : remote.because().get());
        });
        // Not pulled yet, so it is asked again.
        assertThat(byHand("pull_policy: " + policy)).isInstanceOf(Resolution.Remote.class);
        assertThat(asked()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pull_policy: always", "pull_policy: refresh", "pull_policy: every_0s"})
    void each_time_is_whenever_a_person_asks_and_whenever_an_agent_is_told_of_something(String policy)
            throws IOException {
        pull();
        isLocal(byHand(policy), "1");
        isLocal(byHand(policy), "1");
        assertThat(asked()).isEqualTo(2);
        push("2");
        assertThat(byHand(policy)).isEqualTo(new Resolution.Remote(digest("2"), Optional.of(policy.substring(13))));
        push("1");
        var told = now;
        now = now.plusSeconds(1);
        isLocal(byAgent(policy, told.minusSeconds(600)), "1"); // looked up since
        assertThat(asked()).isEqualTo(3);
        isLocal(byAgent(policy, Instant.now().plusSeconds(1)), "1"); // told again
        assertThat(asked()).isEqualTo(4);
    }

    @Test
    void a_look_that_found_the_same_is_written_down_and_one_by_a_reader_is_not() throws IOException {
        pull();
        now = Instant.now().plus(Duration.ofHours(13));
        var reading = PlanOptions.byHand(false, false, Optional.empty());
        try (var reader = Engine.openForReading(options())) {
            isLocal(resolve(service("pull_policy: every_12h"), reading, reader, ImagePolicy.NONE), "1");
        }
        var before = engine.knownImages().lastCheck(reference).orElseThrow();
        isLocal(byHand("pull_policy: every_12h"), "1");
        assertThat(asked()).isEqualTo(2);
        assertThat(engine.knownImages().lastCheck(reference).orElseThrow().at()).isAfter(before.at());
    }

    @Test
    void a_look_in_the_future_is_none() throws IOException {
        pull();
        now = now.minus(Duration.ofDays(400));
        isLocal(byHand("pull_policy: weekly"), "1");
        assertThat(asked()).isEqualTo(1);
    }

    @Test
    void an_image_that_was_brought_by_hand_was_never_looked_up() throws IOException {
        var archive = image("1").ociArchive(directory.resolve("a.tar"));
        engine.images().importArchive(archive, Optional.of(reference), Progress.NONE);
        isLocal(byHand("pull_policy: weekly"), "1");
        assertThat(asked()).isEqualTo(1);
        isLocal(byHand("pull_policy: weekly"), "1");
        assertThat(asked()).isEqualTo(1);
    }

    @Test
    void a_digest_needs_nobody() throws IOException {
        pull();
        var exact = reference.withDigest(digest("1"));
        var demands = PullDemands.of(
                project("services: {web: {image: '" + exact + "', pull_policy: always}}\n"),
                PlanOptions.byHand(false, false, Optional.empty()),
                now);
        var gate = new ImageGate(engine, ImagePolicy.NONE);
        var resolver = new ImageResolver(
                engine, List.of(), demands, PlanOptions.byHand(false, false, Optional.empty()), gate, attempts, now);
        isLocal(resolver.apply(exact), "1");
        assertThat(asked()).isZero();
    }

    @Test
    void of_several_services_with_one_image_the_most_eager_counts() throws IOException {
        pull();
        push("2");
        now = now.plus(Duration.ofDays(2));
        var project = project("services: {a: {image: '" + reference + "', pull_policy: never}, b: {image: '" + reference
                + "', pull_policy: daily}, c: {image: '" + reference + "', pull_policy: weekly}}\n");
        assertThat(resolve(project, PlanOptions.byHand(false, false, Optional.empty()), engine, ImagePolicy.NONE))
                .isEqualTo(new Resolution.Remote(digest("2"), Optional.of("daily")));
        for (var choice : List.of(PullChoice.NEVER, PullChoice.MISSING)) {
            isLocal(
                    resolve(project, PlanOptions.byHand(false, false, Optional.of(choice)), engine, ImagePolicy.NONE),
                    "1");
        }
        assertThat(resolve(
                        service(""),
                        PlanOptions.byHand(false, false, Optional.of(PullChoice.ALWAYS)),
                        engine,
                        ImagePolicy.NONE))
                .isEqualTo(new Resolution.Remote(digest("2"), Optional.of("--pull always")));
    }

    @Test
    void a_registry_that_fails_is_asked_again_with_growing_pauses_and_nothing_changes_meanwhile() throws IOException {
        pull();
        push("2");
        registry.when("/manifests/", 1_000, FakeRegistry.status(403));
        now = now.plus(Duration.ofHours(1));
        isLocal(byAgent("pull_policy: every_5m", Instant.EPOCH), "1");
        assertThat(resolver().note(reference))
                .get()
                .asString()
                .startsWith(reference.familiar() + " cannot be looked up, as every_5m wants it: registry ")
                .endsWith(digest("1").abbreviated() + " is kept");
        assertThat(resolver().next()).contains(now.plusSeconds(1));
        var before = asked();
        now = now.plusMillis(900);
        isLocal(byAgent("pull_policy: every_5m", Instant.EPOCH), "1");
        assertThat(resolver().note(reference)).isPresent();
        assertThat(asked()).isEqualTo(before);
        now = now.plusMillis(200);
        isLocal(byAgent("pull_policy: every_5m", Instant.EPOCH), "1");
        assertThat(resolver().next()).contains(now.plusSeconds(2));
        assertThat(asked()).isGreaterThan(before);
        // A sync, or another commit, does not wait.
        var more = asked();
        isLocal(byAgent("pull_policy: every_5m", now.plusMillis(1)), "1");
        assertThat(asked()).isGreaterThan(more);
        // A person who says always must hear it; one who says daily may go on.
        isLocal(byHand("pull_policy: daily"), "1");
        assertThat(resolver().problem(reference)).isEmpty();
        now = now.plus(Duration.ofDays(2));
        byHand("pull_policy: daily");
        assertThat(resolver().problem(reference)).isEmpty();
        assertThat(resolver().note(reference)).isPresent();
        byHand("pull_policy: always");
        assertThat(resolver().problem(reference)).get().asString().contains("as always wants it: registry ");
    }

    @Test
    void an_agent_does_not_take_what_the_rules_refuse() throws IOException {
        pull();
        push("2");
        now = now.plus(Duration.ofDays(1));
        var policy = policy("images: {rules: {'*': {require-digest: true}}}");
        isLocal(
                resolve(
                        service("pull_policy: every_1h"),
                        PlanOptions.followed(Set.of(), Instant.EPOCH),
                        engine,
                        policy),
                "1");
        assertThat(resolver().note(reference))
                .get()
                .asString()
                .contains("now means " + digest("2").abbreviated() + ", which may not run: must be named by its digest")
                .endsWith(digest("1").abbreviated() + " is kept");
        // A person is shown it, and that it is refused.
        assertThat(resolve(
                        service("pull_policy: every_1h"),
                        PlanOptions.byHand(false, false, Optional.empty()),
                        engine,
                        policy))
                .isInstanceOf(Resolution.Remote.class);
    }

    private Resolution built(BuildState state) {
        var options = PlanOptions.followed(Set.of(), Instant.EPOCH);
        var gate = new ImageGate(engine, ImagePolicy.NONE);
        var demands = PullDemands.of(service("pull_policy: always"), options, now);
        var resolver = new ImageResolver(engine, List.of(), demands, options, gate, attempts, now)
                .knowing(Map.of(reference, state));
        last = Optional.of(resolver);
        return resolver.apply(reference);
    }

    @Test
    void what_is_built_is_its_digest_whatever_the_tag_means_here_or_there() throws IOException {
        engine.images()
                .importArchive(image("built").ociArchive(directory.resolve("a.tar")), Optional.empty(), Progress.NONE);
        pull();
        push("2");

        isLocal(built(new BuildState.Built(digest("built"), 7, true)), "built");
        assertThat(asked()).isZero();
    }

    @Test
    void what_was_built_and_is_gone_comes_from_where_it_was_pushed_to() throws IOException {
        push("built");
        push("2");

        assertThat(built(new BuildState.Built(digest("built"), 7, true)))
                .isEqualTo(new Resolution.Remote(digest("built")));
        assertThat(resolver().waits(reference)).isEmpty();
    }

    @Test
    void what_was_built_and_is_nowhere_any_more_is_built_again() throws IOException {
        for (var pushed : List.of(true, false)) {
            assertThat(built(new BuildState.Built(digest("built"), 7, pushed))).isInstanceOf(Resolution.Unbuilt.class);
            assertThat(resolver().isWanted(reference)).isTrue();
            assertThat(resolver().waits(reference))
                    .get()
                    .asString()
                    .endsWith("to be built again: the image of build 7 is not on this host any more");
        }
    }

    @Test
    void what_nobody_has_built_here_is_pulled_from_another_host_s_build_or_else_wanted() throws IOException {
        assertThat(built(new BuildState.Missing("why", true, true))).isEqualTo(new Resolution.Remote(digest("1")));
        assertThat(resolver().isWanted(reference)).isFalse();

        assertThat(built(new BuildState.Missing("why", false, true))).isEqualTo(new Resolution.Unbuilt("why", false));
        assertThat(resolver().isWanted(reference)).isTrue();

        registry.when("/manifests/", 1_000, FakeRegistry.status(404));
        assertThat(built(new BuildState.Missing("why", true, true))).isEqualTo(new Resolution.Unbuilt("why", true));
        assertThat(resolver().waits(reference)).contains("why");
        assertThat(resolver().problem(reference)).isEmpty();
        // A registry that has nothing is not asked at each look.
        var before = asked();
        built(new BuildState.Missing("why", true, true));
        assertThat(asked()).isEqualTo(before);
    }

    @Test
    void what_is_being_built_is_waited_for_and_what_failed_is_a_problem_even_when_the_tag_is_here() throws IOException {
        pull();

        assertThat(built(new BuildState.Pending(7, "waits for build 7", false))).isInstanceOf(Resolution.Unbuilt.class);
        assertThat(resolver().waits(reference)).contains("waits for build 7");
        assertThat(resolver().isWanted(reference)).isFalse();
        assertThat(built(new BuildState.Broken("build 7 failed"))).isInstanceOf(Resolution.Unbuilt.class);
        assertThat(resolver().problem(reference)).contains("build 7 failed");
        assertThat(resolver().waits(reference)).isEmpty();
    }

    @Test
    void the_tag_of_this_host_is_nothing_where_the_repository_builds_it() throws IOException {
        pull();

        assertThat(built(new BuildState.Missing("why", false, true))).isEqualTo(new Resolution.Unbuilt("why", false));
    }

    @Test
    void by_hand_what_is_missing_is_planned_to_be_built_and_what_is_here_only_when_asked() throws IOException {
        var project = project("services: {web: {image: '" + reference + "', build: .}}\n");
        assertThat(toBuild(project, BuildChoice.MISSING))
                .isEqualTo(new Resolution.Unbuilt("it is not on this host", false));
        assertThat(resolver().problem(reference)).isEmpty();
        assertThat(toBuild(project, BuildChoice.DONE)).isInstanceOf(Resolution.Unknown.class);
        assertThat(resolver().problem(reference)).isPresent();
        assertThat(asked()).isZero();

        pull();
        isLocal(toBuild(project, BuildChoice.MISSING), "1");
        assertThat(toBuild(project, BuildChoice.ALL)).isEqualTo(new Resolution.Unbuilt("--build asks for it", false));
        var eachTime = project("services: {web: {image: '" + reference + "', build: ., pull_policy: build}}\n");
        assertThat(toBuild(eachTime, BuildChoice.MISSING))
                .isEqualTo(new Resolution.Unbuilt("pull_policy: build asks for it", false));
        isLocal(toBuild(eachTime, BuildChoice.DONE), "1");
    }

    private Resolution toBuild(Project written, BuildChoice choice) {
        var options = PlanOptions.byHand(false, false, Optional.empty()).building(choice);
        var gate = new ImageGate(engine, ImagePolicy.NONE);
        var demands = PullDemands.of(BuiltImages.named(written), options, now).withBuilt(written, choice);
        var resolver = new ImageResolver(engine, List.of(), demands, options, gate, attempts, now);
        last = Optional.of(resolver);
        return resolver.apply(reference);
    }

    private static ImagePolicy policy(String yaml) {
        return AgentSettings.read("agent.yaml", yaml.getBytes(UTF_8))
                        instanceof AgentSettings.Read.Valid(var settings, var unused)
                ? settings.images()
                : ImagePolicy.NONE;
    }

    @Test
    void an_age_that_is_none_is_told_with_its_place() {
        var demands = PullDemands.of(
                service("pull_policy: refresh, pull_refresh_after: soon"),
                PlanOptions.byHand(false, false, Optional.empty()),
                now);
        assertThat(demands.problems())
                .singleElement()
                .asString()
                .matches("compose.yaml:1:\\d+: services.web.pull_refresh_after: \"soon\" is not a duration.*");
    }

    @Test
    void what_is_known_of_images_that_are_gone_is_forgotten_after_a_day() throws IOException {
        pull();
        var known = engine.knownImages();
        var later = new dev.lockstep.runtime.trust.KnownImages(
                engine.root(),
                engine.images(),
                InstantSource.fixed(Instant.now().plus(Duration.ofDays(2))));
        later.tidy();
        assertThat(known.cameFromRegistry(reference, digest("1"))).isTrue();
        assertThat(known.lastCheck(reference)).isPresent();
        engine.images().remove(reference);
        known.tidy();
        assertThat(known.lastCheck(reference)).isPresent();
        later.tidy();
        assertThat(known.lastCheck(reference)).isEmpty();
    }
}
