package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.deploy.StackBuilds.BuildState;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.reconciler.history.History;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.testing.TestImage;
import dev.lockstep.spec.load.EnvironmentFile;
import dev.lockstep.spec.load.StackDirectories;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stack whose repository builds its image: what runs while that is still to come, has failed, or is there. */
class WaitingStackIT {
    private static final ImageReference APP_1 = ImageReference.parse("app:1");
    private static final ImageReference APP_2 = ImageReference.parse("app:2");

    @TempDir
    Path directory;

    private Engine engine;
    private HealthMonitor health;
    private TestRepository origin;
    private GitSource source;
    private Deployment deployment;
    private Reconciliation reconciliation;
    private Optional<CommitSource> applied = Optional.empty();

    private final Map<ImageReference, BuildState> builds = new HashMap<>();
    private final Set<ImageReference> ordered = new HashSet<>();
    private final Map<ImageReference, String> unmet = new HashMap<>();
    private final List<String> said = new ArrayList<>();
    /** Why nothing can be ordered at all. */
    private Optional<String> away = Optional.empty();

    @BeforeEach
    void open() throws IOException {
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/bin/true")), true));
        health = engine.containers().healthMonitor((_, _) -> {});
        origin = TestRepository.create(directory.resolve("shop.git"));
        source = origin.open(engine.root());
        deployment = new Deployment(
                engine, "test", ImagePolicy.NONE, HostPolicy.CLOSED, new HostSecrets(directory.resolve("stacks")));
        reconciliation = new Reconciliation(
                "shop",
                engine,
                deployment,
                health,
                new StackRecords(engine.root(), "test", "shop", InstantSource.system()),
                () -> applied,
                InstantSource.system(),
                said::add,
                new Permission("shop", engine, InstantSource.system()),
                (_, images) -> {
                    ordered.addAll(images);
                    if (away.isPresent()) {
                        throw new IOException(away.get());
                    }
                    images.stream()
                            .filter(image -> !unmet.containsKey(image))
                            .forEach(image -> builds.put(
                                    image, new BuildState.Pending("waits for build 7 of " + image.familiar())));
                    return Map.copyOf(unmet);
                });
        builds.put(APP_1, new BuildState.Built(image("one"), 1, false));
    }

    @AfterEach
    void close() throws IOException, InterruptedException {
        new Applier(engine, health, BeforeStart.NOTHING, new ApplyListener() {})
                .apply(deployment.planDown("shop", true));
        assertThat(engine.containers().observe()).isEmpty();
        source.close();
        origin.close();
        health.close();
        engine.close();
    }

    /** One of these images, without a name. */
    private Digest image(String content) throws IOException {
        var archive = TestImage.busybox("x").file("content", content).ociArchive(directory.resolve(content + ".tar"));
        return engine.images()
                .importArchive(archive, Optional.empty(), Progress.NONE)
                .getFirst()
                .digest();
    }

    /** A commit that asks for that image. */
    private CommitSource asksFor(ImageReference image) throws IOException {
        origin.put("stacks/shop/compose.yaml", """
                services:
                  app: {image: '%s', command: sleep 1000, init: true, network_mode: none, stop_grace_period: 1s}
                """.formatted(image.familiar()));
        origin.commit("Ask for " + image.familiar());
        var tree = origin.fetchMain(source);
        StackBuilds known = _ -> Map.copyOf(builds);
        return new CommitSource(
                tree,
                StackDirectories.find(tree, "", "shop").getFirst(),
                engine.root(),
                EnvironmentFile.EMPTY,
                List.of(),
                List.of(),
                StackRules.NONE,
                known,
                _ -> {});
    }

    private Outcome run(CommitSource wanted) throws IOException, InterruptedException {
        var outcome = reconciliation
                .run(wanted, "poll", PlanOptions.followed(Set.of(), Instant.EPOCH), new CountDownLatch(1))
                .outcome();
        if (outcome.isGood()) {
            applied = Optional.of(wanted);
        }
        return outcome;
    }

    private ObservedContainer container() throws IOException {
        var all = engine.containers().observe();
        assertThat(all).hasSize(1);
        assertThat(all.getFirst().isRunning()).isTrue();
        return all.getFirst();
    }

    private List<String> problems() throws IOException {
        return new StatusFiles(engine.root())
                .read("shop").orElseThrow().problems().stream()
                        .map(StackStatus.Problem::message)
                        .toList();
    }

    @Test
    void it_waits_for_what_it_has_ordered_stays_when_that_fails_and_runs_the_digest_that_it_gave() throws Exception {
        assertThat(run(asksFor(APP_1))).isEqualTo(Outcome.CONVERGED);
        var first = container();
        assertThat(first.record().spec().digest()).isEqualTo(image("one"));

        builds.put(APP_2, new BuildState.Missing("waits for a build of app:2", false, true));
        var wanted = asksFor(APP_2);
        assertThat(run(wanted)).isEqualTo(Outcome.WAITING);
        assertThat(ordered).containsExactly(APP_2);
        assertThat(problems()).containsExactly("services.app.image: waits for build 7 of app:2");
        assertThat(container().id()).isEqualTo(first.id());
        var history = new History(engine.root()).entries("shop").size();

        // Once ordered it is not ordered again, and nothing new is said.
        ordered.clear();
        said.clear();
        assertThat(run(wanted)).isEqualTo(Outcome.WAITING);
        assertThat(ordered).isEmpty();
        assertThat(said).isEmpty();

        // What runs is kept in order meanwhile.
        engine.containers().stop(first.id(), Optional.empty());
        assertThat(run(wanted)).isEqualTo(Outcome.WAITING);
        assertThat(container().record().spec().digest()).isEqualTo(image("one"));

        builds.put(APP_2, new BuildState.Broken("build 7 of app:2 failed: no"));
        assertThat(run(wanted)).isEqualTo(Outcome.FAILED);
        assertThat(problems()).containsExactly("services.app.image: build 7 of app:2 failed: no");
        assertThat(container().record().spec().digest()).isEqualTo(image("one"));
        assertThat(new History(engine.root()).entries("shop")).hasSize(history);

        builds.put(APP_2, new BuildState.Built(image("two"), 8, false));
        assertThat(run(wanted)).isEqualTo(Outcome.CONVERGED);
        assertThat(container().record().spec().digest()).isEqualTo(image("two"));
        assertThat(container().record().spec().image()).isEqualTo(APP_2);
        assertThat(problems()).isEmpty();
    }

    @Test
    void it_says_why_what_it_wants_cannot_be_ordered_and_asks_again_at_each_look() throws Exception {
        builds.put(APP_2, new BuildState.Missing("waits for a build of app:2", false, true));
        unmet.put(APP_2, "is made by no tag of the repository");
        var wanted = asksFor(APP_2);
        for (var look = 0; look < 2; look++) {
            ordered.clear();
            assertThat(run(wanted)).isEqualTo(Outcome.WAITING);
            assertThat(ordered).containsExactly(APP_2);
            assertThat(problems())
                    .containsExactly(
                            "services.app.image: waits for a build of app:2",
                            "app:2 is made by no tag of the repository");
            assertThat(engine.containers().observe()).isEmpty();
        }
    }

    @Test
    void a_remote_that_is_away_keeps_what_runs_from_being_kept_in_order_as_little() throws Exception {
        assertThat(run(asksFor(APP_1))).isEqualTo(Outcome.CONVERGED);
        builds.put(APP_2, new BuildState.Missing("waits for a build of app:2", false, true));
        away = Optional.of("nobody answers");
        var wanted = asksFor(APP_2);
        engine.containers().stop(container().id(), Optional.empty());

        assertThat(run(wanted)).isEqualTo(Outcome.WAITING);

        assertThat(container().record().spec().digest()).isEqualTo(image("one"));
        assertThat(problems())
                .containsExactly(
                        "services.app.image: waits for a build of app:2",
                        "app:2 is not ordered to be built now: nobody answers");
    }

    @Test
    void an_order_that_is_ready_at_once_runs_in_the_same_run() throws Exception {
        builds.put(APP_2, new BuildState.Missing("waits for a build of app:2", false, true));
        var wanted = asksFor(APP_2);
        var two = image("two");
        var quick = new Reconciliation(
                "shop",
                engine,
                deployment,
                health,
                new StackRecords(engine.root(), "test", "shop", InstantSource.system()),
                () -> applied,
                InstantSource.system(),
                said::add,
                new Permission("shop", engine, InstantSource.system()),
                (_, images) -> {
                    images.forEach(image -> builds.put(image, new BuildState.Built(two, 8, false)));
                    return Map.of();
                });

        assertThat(quick.run(wanted, "poll", PlanOptions.followed(Set.of(), Instant.EPOCH), new CountDownLatch(1))
                        .outcome())
                .isEqualTo(Outcome.CONVERGED);
        assertThat(container().record().spec().digest()).isEqualTo(two);
    }
}
