package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A step that waits for what never comes to be keeps no newer revision from its turn, and no agent from its end. */
class BrokenOffWaitIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private FollowedStack shop;
    private StackBuilds builds;
    private Reconciliation agent;

    @BeforeEach
    void open() throws IOException {
        shop = new FollowedStack(directory);
        var image = new StackBuilds.BuildState.Built(shop.image("app"), 1, false);
        builds = _ -> Map.of(ImageReference.parse("app:1"), image);
        agent = shop.reconciliation(WantedBuilds.NONE);
    }

    @AfterEach
    void close() throws IOException {
        shop.close();
    }

    /** Runs it in a thread of its own, as a worker does. */
    private FutureTask<Outcome> begin(CommitSource wanted, CountDownLatch superseded) {
        var run = new FutureTask<>(() -> FollowedStack.run(agent, wanted, superseded));
        Thread.ofPlatform().daemon().start(run);
        return run;
    }

    private boolean isRunning(String name) throws IOException {
        return shop.engine().containers().observe().stream()
                .anyMatch(c -> c.name().equals(name) && c.isRunning());
    }

    @Test
    void of_a_job_that_hangs() throws Exception {
        var hangs = migrates("Hangs", "sleep 100001", "completed_successfully");
        var newer = new CountDownLatch(1);
        var run = begin(hangs, newer);
        await().atMost(SOON).until(() -> isRunning("shop-migrate-1"));
        assertThat(run).isNotDone();

        newer.countDown();

        assertThat(run.get(SOON.toSeconds(), TimeUnit.SECONDS)).isEqualTo(Outcome.SUPERSEDED);
        assertThat(isRunning("shop-app-1")).isFalse();
        // It did not fail: an agent that was only started anew goes on with it, and waits for the job that runs.
        var job = container("shop-migrate-1").id();
        assertThat(new RevisionFiles(shop.engine().root(), "shop").failed()).isEmpty();
        assertThat(shop.said().toString()).contains("broken off").doesNotContain("going back", " is at ");
        newer = new CountDownLatch(1);
        run = begin(hangs, newer);
        await().atMost(SOON)
                .until(() -> shop.engine().containers().observe().size() == 1 && isRunning("shop-migrate-1"));
        newer.countDown();
        assertThat(run.get(SOON.toSeconds(), TimeUnit.SECONDS)).isEqualTo(Outcome.SUPERSEDED);
        assertThat(container("shop-migrate-1").id()).isEqualTo(job);

        var fixed = migrates("Fixed", "true", "completed_successfully");
        assertThat(FollowedStack.run(agent, fixed)).isEqualTo(Outcome.CONVERGED);
        assertThat(isRunning("shop-app-1")).isTrue();
    }

    @Test
    void of_health_that_does_not_come() throws Exception {
        var newer = new CountDownLatch(1);
        var run = begin(migrates("Sick", "sleep 100001", "healthy"), newer);
        await().atMost(SOON).until(() -> isRunning("shop-migrate-1"));

        newer.countDown();

        assertThat(run.get(SOON.toSeconds(), TimeUnit.SECONDS)).isEqualTo(Outcome.SUPERSEDED);
        assertThat(isRunning("shop-app-1")).isFalse();
    }

    @Test
    void of_a_replica_that_is_not_well_yet() throws Exception {
        assertThat(FollowedStack.run(agent, replicas("First", "sleep 100001", "100ms")))
                .isEqualTo(Outcome.CONVERGED);
        var newer = new CountDownLatch(1);
        var run = begin(replicas("Slow", "sleep 100002", "10m"), newer);
        await().atMost(SOON)
                .until(() -> shop.engine().containers().observe().stream()
                        .anyMatch(c -> c.isRunning() && program(c).equals("sleep 100002")));

        newer.countDown();

        assertThat(run.get(SOON.toSeconds(), TimeUnit.SECONDS)).isEqualTo(Outcome.SUPERSEDED);
        assertThat(shop.engine().containers().observe().stream()
                        .filter(ObservedContainer::isRunning)
                        .map(BrokenOffWaitIT::program))
                .containsExactlyInAnyOrder("sleep 100001", "sleep 100002");

        assertThat(FollowedStack.run(agent, replicas("Fixed", "sleep 100003", "100ms")))
                .isEqualTo(Outcome.CONVERGED);
        assertThat(shop.engine().containers().observe())
                .hasSize(2)
                .allMatch(c -> c.isRunning() && program(c).equals("sleep 100003"));
    }

    private ObservedContainer container(String name) throws IOException {
        return shop.engine().containers().observe().stream()
                .filter(c -> c.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static String program(ObservedContainer container) {
        return container.record().spec().command().orElseThrow().getLast();
    }

    private CommitSource migrates(String subject, String program, String condition) throws IOException {
        return shop.commit(subject, """
                services:
                  migrate:
                    image: app:1
                    command: [sh, -c, "exec %s"]
                    init: true
                    network_mode: none
                    stop_grace_period: 1s
                    healthcheck: {test: ["CMD", "false"], interval: 1s, start_period: 1h}
                  app:
                    image: app:1
                    command: [sh, -c, "exec sleep 100000"]
                    init: true
                    network_mode: none
                    stop_grace_period: 1s
                    depends_on: {migrate: {condition: service_%s}}
                """.formatted(program, condition), builds);
    }

    /** @param monitor how long each must run to be well */
    private CommitSource replicas(String subject, String program, String monitor) throws IOException {
        var deploy = "deploy: {replicas: 2, update_config: {parallelism: 1, monitor: " + monitor + "}}";
        return shop.commit(subject, FollowedStack.app(program, deploy), builds);
    }
}
