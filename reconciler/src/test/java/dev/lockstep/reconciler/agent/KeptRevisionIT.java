package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.decision.Suspension;
import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.history.HealthyRevisions;
import dev.lockstep.reconciler.history.History;
import dev.lockstep.reconciler.history.HistoryEntry;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a stack is kept at, and what it goes back to, while its newest commit is not to be had. */
class KeptRevisionIT {
    @TempDir
    Path directory;

    private FollowedStack shop;
    private StackBuilds builds;
    private Reconciliation agent;

    @BeforeEach
    void open() throws IOException {
        shop = new FollowedStack(directory);
        buildsOf(shop.image("app"));
        agent = newAgent();
    }

    @AfterEach
    void close() throws IOException {
        shop.close();
    }

    private Reconciliation newAgent() {
        return shop.reconciliation(WantedBuilds.NONE);
    }

    /** A commit whose only container runs that. */
    private CommitSource runs(String subject, String program) throws IOException {
        return runs(subject, program, "300ms");
    }

    /** @param monitor how long it must run to be well */
    private CommitSource runs(String subject, String program, String monitor) throws IOException {
        var deploy = "deploy: {update_config: {monitor: " + monitor + "}}";
        return shop.commit(subject, FollowedStack.app(program, deploy), builds);
    }

    private CommitSource refused() throws IOException {
        return shop.commit("Refused", "services: {app: {imag: x}}", StackBuilds.NONE);
    }

    private Outcome run(CommitSource wanted) throws IOException, InterruptedException {
        return FollowedStack.run(agent, wanted);
    }

    /** As it is when a newer commit comes while this one's health is waited for. */
    private void cutShort(CommitSource wanted) throws IOException, InterruptedException {
        var superseded = new CountDownLatch(1);
        superseded.countDown();
        assertThat(FollowedStack.run(agent, wanted, superseded)).isEqualTo(Outcome.SUPERSEDED);
    }

    private Optional<String> good() throws IOException {
        return new RevisionFiles(shop.engine().root(), "shop")
                .good()
                .flatMap(StackRevision::commit)
                .map(StackStatus.Commit::subject);
    }

    /** What somebody would be brought back to from a commit that is none of these. */
    private Optional<String> backFromElsewhere() throws IOException {
        return new HealthyRevisions(new History(shop.engine().root()).entries("shop"))
                .before("0".repeat(40))
                .flatMap(HistoryEntry::subject);
    }

    private List<Outcome> history() throws IOException {
        return new History(shop.engine().root())
                .entries("shop").stream().map(HistoryEntry::outcome).toList();
    }

    private String program() throws IOException {
        return program(shop.container());
    }

    @Test
    void a_commit_that_nobody_waited_for_is_judged_when_the_next_one_is_refused_and_kept() throws Exception {
        assertThat(run(runs("First", "sleep 1001"))).isEqualTo(Outcome.CONVERGED);
        cutShort(runs("Second", "sleep 1002", "8s"));
        assertThat(good()).hasValue("First");
        assertThat(backFromElsewhere())
                .as("nobody knows whether the second is well")
                .hasValue("First");
        // What it replaced is still there, in case that it has to come back.
        assertThat(shop.engine().containers().observe()).hasSize(2);

        // By another agent as well: this one may have ended meanwhile.
        agent = newAgent();
        assertThat(run(refused())).isEqualTo(Outcome.REFUSED);

        assertThat(good()).hasValue("Second");
        assertThat(backFromElsewhere()).hasValue("Second");
        assertThat(program()).isEqualTo("sleep 1002");
        assertThat(shop.container().isRunning()).isTrue();
        assertThat(shop.said()).anyMatch(line -> line.endsWith("\"Second\" is well, and is kept"));
        assertThat(shop.problems().toString()).contains("unknown key");
    }

    @Test
    void the_images_of_one_that_is_found_well_later_are_kept_from_being_pruned_as_those_of_all_others()
            throws Exception {
        var first = shop.image("first");
        var second = shop.image("second");
        var third = shop.image("third");
        buildsOf(first);
        assertThat(run(runs("First", "sleep 1001"))).isEqualTo(Outcome.CONVERGED);
        buildsOf(second);
        cutShort(runs("Second", "sleep 1002", "2s"));
        assertThat(run(refused())).isEqualTo(Outcome.REFUSED);
        assertThat(good()).hasValue("Second");
        assertThat(kept("applied")).containsExactly(second);
        assertThat(kept("applied.before")).containsExactly(first);

        buildsOf(third);
        assertThat(run(runs("Third", "sleep 1003"))).isEqualTo(Outcome.CONVERGED);

        assertThat(kept("applied")).containsExactly(third);
        assertThat(kept("applied.before")).containsExactly(second);
        assertThat(kept("applied.before-that")).containsExactly(first);
    }

    /** What the image is in commits that are made from now on. */
    private void buildsOf(Digest digest) {
        var image = new StackBuilds.BuildState.Built(digest, 1, false);
        builds = _ -> Map.of(ImageReference.parse("app:1"), image);
    }

    private Set<Digest> kept(String name) throws IOException {
        return shop.engine().images().roots().of("stack.shop." + name);
    }

    @Test
    void a_value_that_only_the_host_can_have_is_asked_for_with_its_file() throws Exception {
        var wanting =
                shop.commit("Wanting", "services: {app: {image: 'app:1', command: '${PASSWORD:?}'}}", StackBuilds.NONE);

        assertThat(run(wanting)).isEqualTo(Outcome.REFUSED);

        assertThat(shop.problems())
                .singleElement()
                .asString()
                .endsWith("required variable PASSWORD is missing a value. Its value on this host belongs into "
                        + directory.resolve("stacks/shop/env") + ", which only root may read");
    }

    @Test
    void whether_it_has_jobs_is_not_denied_before_it_is_known() throws Exception {
        assertThat(run(runs("First", "sleep 1001"))).isEqualTo(Outcome.CONVERGED);
        assertThat(agent.hasJobs()).isFalse();
        var second = runs("Second", "exit 3");
        assertThat(run(second)).isEqualTo(Outcome.ROLLED_BACK);

        agent = newAgent();
        assertThat(run(second)).isEqualTo(Outcome.ROLLED_BACK);

        assertThat(agent.hasJobs()).as("of the one that it is back at").isTrue();
    }

    @Test
    void or_left_for_the_one_before_when_it_is_not_well() throws Exception {
        assertThat(run(runs("First", "sleep 1001"))).isEqualTo(Outcome.CONVERGED);
        cutShort(runs("Second", "exit 3"));

        assertThat(run(refused())).isEqualTo(Outcome.REFUSED);

        assertThat(program()).isEqualTo("sleep 1001");
        assertThat(shop.container().isRunning()).isTrue();
        assertThat(good()).hasValue("First");
        assertThat(shop.said()).anyMatch(line -> line.matches("stack shop is back at [0-9a-f]{7} \"First\""));
        // The newest commit is still what people are told of, and its own fault.
        assertThat(shop.status().wanted().orElseThrow().subject()).isEqualTo("Refused");
        assertThat(shop.status().applied().orElseThrow().subject()).isEqualTo("First");
        assertThat(shop.problems().toString()).contains("unknown key");

        // It is judged once.
        shop.said().clear();
        assertThat(run(shop.commit("Refused again", "services: {app: {imag: y}}", StackBuilds.NONE)))
                .isEqualTo(Outcome.REFUSED);
        assertThat(shop.said()).noneMatch(line -> line.contains("going back"));
    }

    @Test
    void a_stack_whose_last_good_revision_is_not_well_either_is_degraded_until_that_is_well_again() throws Exception {
        // Well when it is made, not when it is started again, and then well again.
        var once = "echo x >> /runs; if [ $$(wc -l < /runs) = 2 ]; then exit 4; fi; exec sleep 1001";
        assertThat(run(runs("First", once))).isEqualTo(Outcome.CONVERGED);
        var second = runs("Second", "exit 3");

        assertThat(run(second)).isEqualTo(Outcome.DEGRADED);

        assertThat(shop.status().outcome()).hasValue(Outcome.DEGRADED);
        assertThat(shop.problems()).hasSize(2);
        assertThat(shop.problems().getFirst()).contains("exited (3)");
        assertThat(shop.problems().getLast())
                .startsWith("going back to ")
                .contains("\"First\" failed: ", "exited (4)")
                .endsWith("; the stack needs somebody to look at it");
        assertThat(shop.said()).anyMatch(line -> line.contains("stack shop IS DEGRADED: going back to "));
        assertThat(history())
                .containsExactly(Outcome.CONVERGED, Outcome.CONVERGED, Outcome.ROLLED_BACK, Outcome.DEGRADED);
        assertThat(good()).hasValue("First");

        assertThat(run(second)).as("it is tried on").isEqualTo(Outcome.ROLLED_BACK);
        assertThat(shop.status().outcome()).hasValue(Outcome.ROLLED_BACK);
        assertThat(shop.container().isRunning()).isTrue();
    }

    private CommitSource job(String subject, String program, String service) throws IOException {
        return shop.commit(subject, """
                services:
                  job:
                    image: app:1
                    command: [sh, -c, "%s"]
                    network_mode: none
                    stop_grace_period: 0s
                    x-lockstep: {schedule: "0 0 3 1 1 ?"}
                  app:
                    image: app:1
                    command: [sh, -c, "%s"]
                    init: true
                    network_mode: none
                    stop_grace_period: 0s
                    deploy: {update_config: {monitor: 300ms, failure_action: continue}}
                """.formatted(program, service), builds);
    }

    private List<String> jobs() throws IOException {
        return shop.engine().containers().observe().stream()
                .filter(c -> c.life().startedAt().isPresent())
                .map(c -> c.record().spec())
                .filter(spec -> spec.service().equals("job"))
                .map(spec -> spec.command().orElseThrow().getLast())
                .toList();
    }

    @Test
    void jobs_are_of_what_was_applied_also_where_that_stays_unwell_and_none_begins_when_it_is_suspended()
            throws Exception {
        assertThat(run(job("First", "exit 0", "sleep 1001"))).isEqualTo(Outcome.CONVERGED);
        assertThat(run(job("Second", "exit 2", "exit 3"))).isEqualTo(Outcome.UNHEALTHY);
        var decisions = new Decisions(shop.engine().root());
        decisions.suspend("shop", new Suspension(Optional.empty(), "anna", Instant.EPOCH));
        assertThat(agent.startJob("job", () -> false)).hasValue("the stack was suspended meanwhile");
        assertThat(jobs()).isEmpty();
        decisions.resume("shop");

        assertThat(agent.startJob("job", () -> false)).isEmpty();

        assertThat(jobs()).containsExactly("exit 2");
    }

    @Test
    void or_paused_half_changed_as_its_file_wants_it() throws Exception {
        assertThat(run(shop.commit("First", """
                services:
                  app: {image: app:1, command: sleep 1001, init: true, network_mode: none, stop_grace_period: 1s}
                  old: {image: app:1, command: sleep 1001, init: true, network_mode: none, stop_grace_period: 1s}
                """, builds))).isEqualTo(Outcome.CONVERGED);
        cutShort(shop.commit("Second", """
                services:
                  app:
                    image: app:1
                    command: [sh, -c, "exit 3"]
                    network_mode: none
                    deploy: {update_config: {monitor: 300ms, failure_action: pause}}
                """, builds));

        for (var look = 0; look < 2; look++) {
            assertThat(run(refused())).isEqualTo(Outcome.REFUSED);
            // Nothing of the first one is put back.
            assertThat(shop.engine().containers().observe()).noneMatch(ObservedContainer::isRunning);
            assertThat(good()).hasValue("First");
        }
    }

    private CommitSource replicas(String subject, String program) throws IOException {
        var deploy = "deploy: {replicas: 2, update_config: {monitor: 300ms}}";
        return shop.commit(subject, FollowedStack.app(program, deploy), builds);
    }

    @Test
    void a_commit_of_which_a_part_was_held_back_was_not_applied() throws Exception {
        assertThat(run(replicas("First", "sleep 1001"))).isEqualTo(Outcome.CONVERGED);

        assertThat(run(replicas("Second", "exit 3"))).isEqualTo(Outcome.ROLLED_BACK);

        assertThat(history()).containsExactly(Outcome.CONVERGED, Outcome.FAILED, Outcome.ROLLED_BACK);
        assertThat(shop.problems().getFirst())
                .matches("shop-app-2 was held back, because container shop-app-1 exited .3.");
        assertThat(shop.engine().containers().observe())
                .hasSize(2)
                .allMatch(c -> c.isRunning() && program(c).equals("sleep 1001"));
    }

    private static String program(ObservedContainer container) {
        return container.record().spec().command().orElseThrow().getLast();
    }

    @Test
    void a_first_commit_that_is_not_well_has_nothing_to_go_back_to_however_often_it_is_looked_at() throws Exception {
        var first = runs("First", "if [ -e /bad ]; then exit 3; fi; touch /bad; exec sleep 1001", "8s");
        cutShort(first);
        var container = shop.container();
        shop.engine().containers().stop(container.id(), Optional.empty());
        await().until(() -> !shop.container().isRunning());

        // Started again by the next look, it ends at once; there never was anything else.
        for (var look = 0; look < 2; look++) {
            assertThat(run(first)).isEqualTo(Outcome.UNHEALTHY);
        }
        assertThat(shop.said()).noneMatch(line -> line.contains("back"));
        assertThat(good()).isEmpty();

        var second = runs("Second", "sleep 1002");
        assertThat(run(second)).isEqualTo(Outcome.CONVERGED);
        assertThat(good()).hasValue("Second");
    }

    @Test
    void while_a_newer_commit_is_held_the_one_that_runs_is_put_right_five_times_and_that_is_written_down()
            throws Exception {
        assertThat(run(runs("First", "sleep 1001"))).isEqualTo(Outcome.CONVERGED);
        var held = shop.commit("Held", "services: {}", StackBuilds.NONE);
        for (var look = 0; look < 6; look++) {
            shop.engine().containers().stop(shop.container().id(), Optional.empty());
            await().until(() -> !shop.container().isRunning());
            assertThat(run(held)).isEqualTo(Outcome.HELD);
            assertThat(shop.container().isRunning()).as("look %d", look).isEqualTo(look < 5);
        }
        assertThat(new History(shop.engine().root()).entries("shop"))
                .filteredOn(entry -> entry.outcome() == Outcome.DRIFT_CORRECTED)
                .hasSize(5)
                .allSatisfy(entry -> assertThat(entry.subject()).hasValue("First"));

        // Another commit is another beginning.
        assertThat(run(shop.commit("Held, too", "services: {} # still", StackBuilds.NONE)))
                .isEqualTo(Outcome.HELD);
        assertThat(shop.container().isRunning()).isTrue();
    }
}
