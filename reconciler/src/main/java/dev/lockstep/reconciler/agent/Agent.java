package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.building.BuildQueue;
import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.history.StackDirectories;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.requests.RequestBox;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.HealthMonitor;
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
import java.util.concurrent.atomic.AtomicBoolean;
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
        this.stacks = new FollowedStacks(engine.root(), FollowedRepository.all(settings));
    }

    /** Ends {@link #run}; may be called from any thread, also before it. Containers go on running. */
    public void stop() {
        stopped.countDown();
    }

    /**
     * Follows the repositories until {@link #stop}.
     *
     * @return exit code: 0 converged, 1 error, 3 applied but unhealthy, 4 rolled back, 5 refused
     * @throws AgentLock.TakenException when there is another agent
     * @throws IOException when this root cannot be used
     */
    public int run() throws IOException, InterruptedException {
        return run(Optional.empty());
    }

    /** The same for one look, at whose end everything is done. */
    public int run(Once asked) throws IOException, InterruptedException {
        return run(Optional.of(asked));
    }

    private int run(Optional<Once> once) throws IOException, InterruptedException {
        var left = new LeftRestarts(engine);
        try {
            return run(once, left);
        } finally {
            left.leave();
        }
    }

    /** @param left gets the restarts that are due when this ends */
    private int run(Optional<Once> once, LeftRestarts left) throws IOException, InterruptedException {
        try (var _ = AgentLock.take(engine.root(), clock.instant())) {
            engine.cleanUp().actions().forEach(action -> out.accept("cleaned up: " + action));
            new DefaultBridge(engine).removeIfUnused();
            StackDirectories.removeUnfinished(engine.root(), clock.instant());
            try (var health = engine.containers().healthMonitor(this::healthChanged)) {
                var supervisor = new Supervisor(engine, health, clock, stacks::isFollowed, stacks::isHealed, out);
                try (supervisor) {
                    return run(once, health, supervisor);
                } finally {
                    left.of(supervisor);
                }
            }
        }
    }

    private int run(Optional<Once> once, HealthMonitor health, Supervisor supervisor)
            throws IOException, InterruptedException {
        var statuses = new RepositoryStatuses(engine.root(), host, FollowedRepository.all(settings), clock, out);
        var followers = followers();
        try (var _ = NameServerWatch.start(engine.networks(), out);
                var _ = NetworkLossWatch.start(engine.networks(), stacks::look, out);
                var builds = builds(followers)) {
            var events = followers.stream()
                    .map(f -> new BuildEvents(f, engine.root(), builds, out))
                    .toList();
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
                    follower -> wanted(events, follower),
                    out);
            supervisor.start();
            var all = events.stream()
                    .map(e -> new Following(e, makers, stacks, statuses, settings, out))
                    .toList();
            builds.start();
            return once.isPresent() ? once(once.get(), all, builds) : follow(all, followers, statuses, builds);
        } finally {
            followers.forEach(Follower::close);
        }
    }

    /**
     * Says what {@link #run} would do now, and does nothing but bring what is new into the clones.
     *
     * @return exit code: 0, 1 when a repository or a stack is wrong, or 5 when this host refuses what one asks for
     */
    public int show() {
        var code = 0;
        for (var repository : FollowedRepository.all(settings)) {
            try (var follower = follower(repository)) {
                code = Following.worst(code, show(follower));
            } catch (GitException | RepositoryFile.RefusedException | CommitStacks.NoStacksException e) {
                out.accept(why(e)); // with its place
                code = 1;
            } catch (IOException | RuntimeException | VirtualMachineError e) {
                LOG.debug("repository is not shown url={}", repository.url(), e);
                out.accept("repository " + repository.url() + ": " + why(e));
                code = 1;
            }
        }
        return code;
    }

    private int show(Follower follower) throws IOException {
        var found = follower.stacks().of(follower.look());
        var code = follower.refused().isPresent() ? Following.NOT_DONE : 0;
        follower.refused().ifPresent(move -> out.accept(move.sentence()));
        found.suspended().forEach((name, suspended) -> out.accept(suspended.sentence(name)));
        for (var stack : found.active().entrySet()) {
            try {
                code = Following.worst(code, show(follower, stack.getKey(), stack.getValue()));
            } catch (IOException | RuntimeException | VirtualMachineError e) {
                // What is wrong with one stack keeps no other from being shown.
                LOG.debug("stack is not shown stack={}", stack.getKey(), e);
                out.accept("stack " + stack.getKey() + " of "
                        + follower.repository().url() + " cannot be planned: " + why(e));
                code = 1;
            }
        }
        return code;
    }

    private int show(Follower follower, String stack, CommitSource source) throws IOException {
        // Another's name would give it what the host keeps for that one.
        var other = stacks.claim(stack, follower.repository());
        if (other.isPresent()) {
            out.accept(FollowedStacks.refusal(stack, other.get()));
            return 1;
        }
        var deployment =
                new Deployment(engine, host, settings.images(), settings.policy(), new HostSecrets(stackSettings));
        return switch (deployment.plan(source, PlanOptions.followed(Set.of(), Instant.MAX))) {
            case Planned.Ready ready -> {
                out.accept(new PlanText(false).print(ready.plan()));
                yield Following.code(ready.plan());
            }
            case Planned.Invalid invalid -> {
                invalid.errors().forEach(e -> out.accept(e.toString()));
                yield 1;
            }
        };
    }

    private static String why(Throwable e) {
        return Optional.ofNullable(e.getMessage()).orElse(e.toString());
    }

    private List<Follower> followers() throws IOException {
        var all = new ArrayList<Follower>();
        for (var repository : FollowedRepository.all(settings)) {
            all.add(follower(repository));
        }
        return all;
    }

    private Follower follower(FollowedRepository repository) throws IOException {
        return new Follower(
                repository,
                FollowedRemotes.of(engine, repository.settings()),
                new FollowingHost(
                        engine.root(), host, settings.labels(), new HostVariables(stackSettings), settings.builds()),
                stack -> stacks.isOfAnotherRepository(stack, repository),
                out);
    }

    /** Of one repository several parts may be followed, and each builds what is its own. */
    private static WantedBuilds wanted(List<BuildEvents> events, Follower follower) {
        return events.stream()
                .filter(e -> e.follower()
                        .repository()
                        .key()
                        .equals(follower.repository().key()))
                .findFirst()
                .<WantedBuilds>map(e -> e)
                .orElse(WantedBuilds.NONE);
    }

    private BuildQueue builds(List<Follower> followers) throws IOException {
        var followed = new FollowedBuilds(engine, followers);
        return new BuildQueue(
                engine,
                settings.builds(),
                settings.images(),
                settings.policy(),
                new HostSecrets(stackSettings),
                followed,
                followed,
                followed,
                clock,
                out);
    }

    /** What a look orders is built before the end, and looked at again: a stack may have waited for it. */
    private int once(Once first, List<Following> all, BuildQueue builds) throws IOException, InterruptedException {
        var asked = first;
        var built = new AtomicBoolean();
        builds.onEnd(_ -> built.set(true));
        int code;
        do {
            built.set(false);
            code = 0;
            for (var following : all) {
                code = Following.worst(code, following.once(asked));
            }
            builds.awaitIdle();
            asked = asked.again();
        } while (built.get());
        var moved = first.moved().filter(commit -> all.stream().noneMatch(f -> f.isAt(commit)));
        moved.map(SyncRequests::nobodyIsAt).ifPresent(out);
        return moved.isPresent() ? 1 : code;
    }

    private int follow(List<Following> all, List<Follower> followers, RepositoryStatuses statuses, BuildQueue builds)
            throws IOException, InterruptedException {
        var check = new SelfCheck(engine.root(), engine.tools(), launcher, clock.instant());
        try (var _ = SelfChecks.start(check, followers, statuses, settings.driftInterval(), out);
                var _ = HousekeepingSchedule.start(engine, settings.housekeeping(), clock, out);
                var _ = JobSchedule.start(
                        engine, stacks, stack -> new StackRecords(engine.root(), host, stack, clock), clock, out)) {
            return followUntilStopped(all, followers, builds);
        }
    }

    private int followUntilStopped(List<Following> all, List<Follower> followers, BuildQueue builds)
            throws IOException, InterruptedException {
        builds.onEnd(_ -> stacks.built());
        all.forEach(Following::start);
        var box = new RequestBox(engine.root(), clock);
        var sync = new SyncRequests(all, stacks, new BuildRequests(builds), clock);
        var requests = Thread.ofPlatform().daemon().name("requests").start(() -> box.serve(sync::answer, out));
        out.accept("agent of host " + host + " runs; it follows "
                + followers.stream()
                        .map(f -> f.repository().url() + " " + f.repository().ref())
                        .collect(Collectors.joining(", ")));
        stopped.await();
        requests.interrupt();
        all.forEach(Following::close);
        for (var following : all) {
            following.join(); // before the workers end, since it may make one more
        }
        builds.close(); // what is called off waits for the next agent
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
