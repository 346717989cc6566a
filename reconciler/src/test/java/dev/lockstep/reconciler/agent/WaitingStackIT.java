package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.deploy.StackBuilds.BuildState;
import dev.lockstep.reconciler.history.History;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    private FollowedStack shop;
    private Reconciliation reconciliation;

    private final Map<ImageReference, BuildState> builds = new HashMap<>();
    private final Set<ImageReference> ordered = new HashSet<>();
    private final Map<ImageReference, String> unmet = new HashMap<>();
    /** Why nothing can be ordered at all. */
    private Optional<String> away = Optional.empty();

    @BeforeEach
    void open() throws IOException {
        shop = new FollowedStack(directory);
        reconciliation = shop.reconciliation(this::order);
        builds.put(APP_1, new BuildState.Built(shop.image("one"), 1, false));
    }

    private Map<ImageReference, String> order(CommitSource unused, Set<ImageReference> images) throws IOException {
        ordered.addAll(images);
        if (away.isPresent()) {
            throw new IOException(away.get());
        }
        images.stream()
                .filter(image -> !unmet.containsKey(image))
                .forEach(image -> builds.put(
                        image, new BuildState.Pending(7, "waits for build 7 of " + image.familiar(), false)));
        return Map.copyOf(unmet);
    }

    @AfterEach
    void close() throws IOException {
        shop.close();
    }

    /** A commit that asks for that image. */
    private CommitSource asksFor(ImageReference image) throws IOException {
        return shop.commit("Ask for " + image.familiar(), """
                services:
                  app: {image: '%s', command: sleep 1000, init: true, network_mode: none, stop_grace_period: 1s}
                """.formatted(image.familiar()), _ -> Map.copyOf(builds));
    }

    private Outcome run(CommitSource wanted) throws IOException, InterruptedException {
        return FollowedStack.run(reconciliation, wanted);
    }

    private ObservedContainer container() throws IOException {
        var container = shop.container();
        assertThat(container.isRunning()).isTrue();
        return container;
    }

    /** {@code local: refuse}: what a build gives that is not pushed could never run. */
    @Test
    void it_does_not_wait_for_what_could_not_run_when_it_is_built() throws Exception {
        assertThat(run(asksFor(APP_1))).isEqualTo(Outcome.CONVERGED);
        var first = container();
        var policy = switch (AgentSettings.read(
                "agent.yaml", "images: {rules: {'*': {local: refuse}}}".getBytes(StandardCharsets.UTF_8))) {
            case AgentSettings.Read.Valid valid -> valid.settings().images();
            case AgentSettings.Read.Invalid invalid ->
                throw new AssertionError(invalid.errors().toString());
        };
        reconciliation = shop.reconciliation(policy, this::order);
        for (var state : List.of(
                new BuildState.Missing("waits for a build of app:2", false, true),
                new BuildState.Pending(7, "waits for build 7 of app:2", false))) {
            builds.put(APP_2, state);
            assertThat(run(asksFor(APP_2))).isEqualTo(Outcome.REFUSED);
            assertThat(shop.problems())
                    .singleElement()
                    .asString()
                    .contains("services.app.image: app:2: is built on this host and not pushed; only what is pulled may"
                            + " run (rule \"*\" at agent.yaml:1:");
        }
        assertThat(ordered).isEmpty();
        assertThat(container().id()).isEqualTo(first.id());

        builds.put(APP_2, new BuildState.Pending(7, "waits for build 7 of app:2", true));
        assertThat(run(asksFor(APP_2))).isEqualTo(Outcome.WAITING);
    }

    @Test
    void it_waits_for_what_it_has_ordered_stays_when_that_fails_and_runs_the_digest_that_it_gave() throws Exception {
        assertThat(run(asksFor(APP_1))).isEqualTo(Outcome.CONVERGED);
        var first = container();
        assertThat(first.record().spec().digest()).isEqualTo(shop.image("one"));

        builds.put(APP_2, new BuildState.Missing("waits for a build of app:2", false, true));
        var wanted = asksFor(APP_2);
        assertThat(run(wanted)).isEqualTo(Outcome.WAITING);
        assertThat(ordered).containsExactly(APP_2);
        assertThat(shop.problems()).containsExactly("services.app.image: waits for build 7 of app:2");
        assertThat(container().id()).isEqualTo(first.id());
        var history = new History(shop.engine().root()).entries("shop").size();

        // Once ordered it is not ordered again, and nothing new is said.
        ordered.clear();
        shop.said().clear();
        assertThat(run(wanted)).isEqualTo(Outcome.WAITING);
        assertThat(ordered).isEmpty();
        assertThat(shop.said()).isEmpty();

        // What runs is kept in order meanwhile.
        shop.engine().containers().stop(first.id(), Optional.empty());
        assertThat(run(wanted)).isEqualTo(Outcome.WAITING);
        assertThat(container().record().spec().digest()).isEqualTo(shop.image("one"));
        assertThat(new History(shop.engine().root()).entries("shop").getLast().outcome())
                .isEqualTo(Outcome.DRIFT_CORRECTED);

        builds.put(APP_2, new BuildState.Broken("build 7 of app:2 failed: no"));
        assertThat(run(wanted)).isEqualTo(Outcome.FAILED);
        assertThat(shop.problems()).containsExactly("services.app.image: build 7 of app:2 failed: no");
        assertThat(container().record().spec().digest()).isEqualTo(shop.image("one"));
        assertThat(new History(shop.engine().root()).entries("shop"))
                .as("and nothing but the repair is written down")
                .hasSize(history + 1);

        builds.put(APP_2, new BuildState.Built(shop.image("two"), 8, false));
        assertThat(run(wanted)).isEqualTo(Outcome.CONVERGED);
        assertThat(container().record().spec().digest()).isEqualTo(shop.image("two"));
        assertThat(container().record().spec().image()).isEqualTo(APP_2);
        assertThat(shop.problems()).isEmpty();
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
            assertThat(shop.problems())
                    .containsExactly(
                            "services.app.image: waits for a build of app:2",
                            "app:2 is made by no tag of the repository");
            assertThat(shop.engine().containers().observe()).isEmpty();
        }
    }

    @Test
    void a_remote_that_is_away_keeps_what_runs_from_being_kept_in_order_as_little() throws Exception {
        assertThat(run(asksFor(APP_1))).isEqualTo(Outcome.CONVERGED);
        builds.put(APP_2, new BuildState.Missing("waits for a build of app:2", false, true));
        away = Optional.of("nobody answers");
        var wanted = asksFor(APP_2);
        shop.engine().containers().stop(container().id(), Optional.empty());

        assertThat(run(wanted)).isEqualTo(Outcome.WAITING);

        assertThat(container().record().spec().digest()).isEqualTo(shop.image("one"));
        assertThat(shop.problems())
                .containsExactly(
                        "services.app.image: waits for a build of app:2",
                        "app:2 is not ordered to be built now: nobody answers");
    }

    @Test
    void an_order_that_is_ready_at_once_runs_in_the_same_run() throws Exception {
        builds.put(APP_2, new BuildState.Missing("waits for a build of app:2", false, true));
        var wanted = asksFor(APP_2);
        var two = shop.image("two");
        var quick = shop.reconciliation((_, images) -> {
            images.forEach(image -> builds.put(image, new BuildState.Built(two, 8, false)));
            return Map.of();
        });

        assertThat(FollowedStack.run(quick, wanted)).isEqualTo(Outcome.CONVERGED);
        assertThat(container().record().spec().digest()).isEqualTo(two);
    }
}
