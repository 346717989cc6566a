package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.requests.RequestBox;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One agent of one root. Holds the root's agent lock while it runs, so that there is one, and so that everybody can see
 * that there is one.
 */
public final class Agent {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

    private final Engine engine;
    private final AgentSettings settings;
    private final String host;
    private final Path stackSettings;
    private final Optional<Path> launcher;
    private final Consumer<String> out;
    private final InstantSource clock = InstantSource.system();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final FollowedStacks stacks;

    /**
     * @param stackSettings directory with the host's own values, {@code STACK/env} and {@code STACK/secrets}; usually
     *     {@code /etc/lockstep/stacks}
     * @param launcher the program that runs, to see when it is replaced
     * @param out hears what a person should know; several threads call it
     */
    public Agent(
            Engine engine,
            AgentSettings settings,
            String host,
            Path stackSettings,
            Optional<Path> launcher,
            Consumer<String> out) {
        this.launcher = launcher;
        this.engine = engine;
        this.settings = settings;
        this.host = host;
        this.stackSettings = stackSettings;
        this.out = out;
        this.stacks = new FollowedStacks(engine.root(), settings);
    }

    /** Ends {@link #run}; may be called from any thread, also before it. Containers go on running. */
    public void stop() {
        stopped.countDown();
    }

    /**
     * Follows the repositories until {@link #stop}, or looks once.
     *
     * @return exit code: 0 converged, 1 error, 3 applied but unhealthy, 4 rolled back, 5 refused
     * @throws AgentLock.TakenException when there is another agent
     * @throws IOException when this root cannot be used
     */
    public int run(boolean once) throws IOException, InterruptedException {
        try (var _ = AgentLock.take(engine.root(), clock.instant())) {
            engine.cleanUp().actions().forEach(action -> out.accept("cleaned up: " + action));
            new DefaultBridge(engine).removeIfUnused();
            try (var health = engine.containers().healthMonitor(this::healthChanged);
                    var supervisor = new Supervisor(engine, health, clock, stacks::isFollowed, stacks::isHealed, out)) {
                var makers = new StackWorkers(
                        engine,
                        host,
                        settings.images(),
                        settings.policy(),
                        new HostSecrets(stackSettings),
                        health,
                        supervisor,
                        stacks,
                        settings.driftInterval(),
                        clock,
                        out);
                var statuses = new RepositoryStatuses(engine.root(), host, settings.repositories(), clock, out);
                var followers = followers();
                try (var _ = NameServerWatch.start(engine.networks(), out);
                        var _ = NetworkLossWatch.start(engine.networks(), stacks::look, out)) {
                    supervisor.start();
                    var all = followers.stream()
                            .map(f -> new Following(f, makers, stacks, statuses, settings, out))
                            .toList();
                    return once ? once(all) : follow(all, followers, statuses);
                } finally {
                    followers.forEach(Follower::close);
                }
            }
        }
    }

    /**
     * Says what {@link #run} would do now, and does nothing but bring what is new into the clones.
     *
     * @return exit code: 0, or 1 when a repository or a stack is wrong
     */
    public int show() throws IOException {
        var code = 0;
        for (var follower : followers()) {
            try (follower) {
                var found = follower.stacks(follower.look());
                found.suspended().forEach((name, suspended) -> out.accept(suspended.sentence(name)));
                for (var stack : found.active().entrySet()) {
                    var options = PlanOptions.followed(Set.of(), Instant.MAX);
                    switch (new Deployment(
                                    engine, host, settings.images(), settings.policy(), new HostSecrets(stackSettings))
                            .plan(stack.getValue(), options)) {
                        case Planned.Ready ready -> out.accept(new PlanText(false).print(ready.plan()));
                        case Planned.Invalid invalid -> {
                            invalid.errors().forEach(e -> out.accept(e.toString()));
                            code = 1;
                        }
                    }
                }
            } catch (GitException | RepositoryFile.RefusedException e) {
                out.accept(Optional.ofNullable(e.getMessage()).orElse(e.toString()));
                code = 1;
            }
        }
        return code;
    }

    private List<Follower> followers() throws IOException {
        var all = new ArrayList<Follower>();
        var git = new GitRepositories(engine.root(), GitSettings.defaults());
        for (var repository : settings.repositories()) {
            all.add(new Follower(
                    repository, git, engine.root(), host, settings.labels(), new HostVariables(stackSettings), out));
        }
        return all;
    }

    private static int once(List<Following> all) throws IOException, InterruptedException {
        var code = 0;
        for (var following : all) {
            code = Following.worst(code, following.once());
        }
        return code;
    }

    private int follow(List<Following> all, List<Follower> followers, RepositoryStatuses statuses)
            throws IOException, InterruptedException {
        var check = new SelfCheck(engine.root(), engine.tools(), launcher, clock.instant());
        try (var _ = SelfChecks.start(check, followers, statuses, settings.driftInterval(), out);
                var _ = HousekeepingSchedule.start(engine, settings.housekeeping(), clock, out);
                var _ = JobSchedule.start(
                        engine, stacks, stack -> new StackRecords(engine.root(), host, stack, clock), clock, out)) {
            return followUntilStopped(all, followers);
        }
    }

    private int followUntilStopped(List<Following> all, List<Follower> followers)
            throws IOException, InterruptedException {
        all.forEach(Following::start);
        var box = new RequestBox(engine.root(), clock);
        var sync = new SyncRequests(all, stacks, clock);
        var requests = Thread.ofPlatform().daemon().name("requests").start(() -> {
            try {
                box.serve(sync::answer);
            } catch (IOException e) {
                out.accept("requests cannot be answered: " + e.getMessage());
            }
        });
        out.accept("agent of host " + host + " runs; it follows "
                + followers.stream().map(f -> f.url() + " " + f.ref()).collect(Collectors.joining(", ")));
        stopped.await();
        requests.interrupt();
        all.forEach(Following::close);
        for (var following : all) {
            following.join(); // before the workers end, since it may make one more
        }
        stacks.end();
        out.accept("agent of host " + host + " ended; containers go on running");
        return 0;
    }

    private void healthChanged(String id, HealthState.Status status) {
        try {
            var container = engine.containers().observe(id);
            if (container.isPresent()) {
                out.accept("container " + container.get().name() + " is "
                        + status.name().toLowerCase(Locale.ROOT));
                stacks.worker(container.get().record().spec().owner().stack()).ifPresent(StackWorker::look);
            }
        } catch (IOException e) {
            LOG.debug("container went away id={}", id, e);
        }
    }
}
