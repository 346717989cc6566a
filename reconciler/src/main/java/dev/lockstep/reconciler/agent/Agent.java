package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.HealthMonitor;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.requests.Answer;
import dev.lockstep.reconciler.requests.Request;
import dev.lockstep.reconciler.requests.RequestBox;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
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
    private final Consumer<String> out;
    private final InstantSource clock = InstantSource.system();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Map<String, StackWorker> workers = new ConcurrentHashMap<>();
    private final Map<String, AgentStatus.Repository> repositories = new LinkedHashMap<>();
    private final Instant startedAt;

    /**
     * @param stackSettings directory with the host's own values, {@code STACK/env}; usually
     *     {@code /etc/lockstep/stacks}
     * @param out hears what a person should know; several threads call it
     */
    public Agent(Engine engine, AgentSettings settings, String host, Path stackSettings, Consumer<String> out) {
        this.engine = engine;
        this.settings = settings;
        this.host = host;
        this.stackSettings = stackSettings;
        this.out = out;
        this.startedAt = clock.instant();
    }

    /** Ends {@link #run}; may be called from any thread, also before it. Containers go on running. */
    public void stop() {
        stopped.countDown();
    }

    /**
     * Follows the repositories until {@link #stop}, or looks once.
     *
     * @return exit code: 0 converged, 1 error, 3 applied but unhealthy, 5 refused
     * @throws IOException when there is another agent, or this root cannot be used
     */
    public int run(boolean once) throws IOException, InterruptedException {
        var lockFile = engine.root().lock("agent");
        try (var _ = lock(lockFile)) {
            Files.writeString(lockFile, "process " + ProcessHandle.current().pid());
            engine.cleanUp().actions().forEach(action -> out.accept("cleaned up: " + action));
            try (var health = new HealthMonitor(engine.containers(), clock, this::healthChanged);
                    var supervisor = new Supervisor(engine, health, clock, this::isFollowed, out)) {
                var followers = followers();
                try {
                    return once ? once(followers, health, supervisor) : follow(followers, health, supervisor);
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
                for (var stack : follower.stacks(follower.look()).entrySet()) {
                    var options = new PlanOptions(true, false, false, Set.of());
                    switch (new Deployment(engine, host).plan(stack.getValue(), options)) {
                        case Planned.Ready ready -> out.accept(new PlanText(false).print(ready.plan()));
                        case Planned.Invalid invalid -> {
                            invalid.errors().forEach(e -> out.accept(e.toString()));
                            code = 1;
                        }
                    }
                }
            } catch (GitException e) {
                out.accept(Optional.ofNullable(e.getMessage()).orElse(e.toString()));
                code = 1;
            }
        }
        return code;
    }

    /** The on-exit script looks whether there is an agent by sharing the lock for a moment: that is no other agent. */
    private static Flock lock(Path file) throws IOException, InterruptedException {
        for (var tries = 0; ; tries++) {
            var lock = Flock.tryExclusive(file);
            if (lock.isPresent()) {
                return lock.get();
            }
            if (tries == 20) {
                throw new IOException("an agent runs on this root already (" + holder(file) + ")");
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** Whether a worker has the stack, or will have it as soon as its repository has been looked at. */
    private boolean isFollowed(String stack) {
        if (workers.containsKey(stack)) {
            return true;
        }
        try {
            var urls = settings.repositories().stream()
                    .map(r -> Remote.parse(r.url()).toString())
                    .toList();
            return new StatusFiles(engine.root())
                    .read(stack)
                    .filter(s -> !s.orphaned()
                            && s.repository().filter(urls::contains).isPresent())
                    .isPresent();
        } catch (IOException | IllegalArgumentException e) {
            return false; // a stack of no name, or a status that cannot be read
        }
    }

    private static String holder(Path lockFile) {
        try {
            return Files.readString(lockFile);
        } catch (IOException e) {
            return "another process";
        }
    }

    private List<Follower> followers() throws IOException {
        var all = new ArrayList<Follower>();
        var git = new GitRepositories(engine.root(), GitSettings.defaults());
        for (var repository : settings.repositories()) {
            all.add(new Follower(repository, git, engine.root(), host, new HostVariables(stackSettings), out));
        }
        return all;
    }

    private int once(List<Follower> followers, HealthMonitor health, Supervisor supervisor)
            throws IOException, InterruptedException {
        supervisor.start();
        var code = 0;
        for (var follower : followers) {
            try {
                for (var stack : follower.stacks(follower.look()).entrySet()) {
                    var worker = worker(stack.getKey(), health, supervisor, Duration.ofMinutes(1));
                    workers.put(stack.getKey(), worker);
                    code = worst(
                            code, worker.runOnce(stack.getValue(), "command").exitCode());
                }
                say(follower, Optional.empty());
            } catch (IOException e) {
                problem(follower, e);
                code = 1;
            }
        }
        return code;
    }

    private int follow(List<Follower> followers, HealthMonitor health, Supervisor supervisor)
            throws IOException, InterruptedException {
        supervisor.start();
        var threads = new ArrayList<Thread>();
        var nudges = new ArrayList<Nudge>();
        for (var follower : followers) {
            var nudge = new Nudge();
            nudges.add(nudge);
            threads.add(Thread.ofPlatform()
                    .name("follow-" + follower.url())
                    .start(() -> poll(follower, nudge, health, supervisor)));
        }
        var box = new RequestBox(engine.root(), clock);
        var requests = Thread.ofPlatform().daemon().name("requests").start(() -> {
            try {
                box.serve(request -> answer(request, nudges));
            } catch (IOException e) {
                out.accept("requests cannot be answered: " + e.getMessage());
            }
        });
        out.accept("agent of host " + host + " runs; it follows "
                + String.join(
                        ", ",
                        followers.stream().map(f -> f.url() + " " + f.ref()).toList()));
        stopped.await();
        nudges.forEach(Nudge::close);
        workers.values().forEach(StackWorker::close);
        requests.interrupt();
        for (var thread : threads) {
            thread.join();
        }
        for (var worker : workers.values()) {
            worker.join();
        }
        out.accept("agent of host " + host + " ended; containers go on running");
        return 0;
    }

    /** Wakes a follower before its time. */
    private static final class Nudge {
        private boolean closed;
        private boolean due;
        private final List<CompletableFuture<List<Future<StackWorker.Run>>>> waiting = new ArrayList<>();

        /** Waits; true when it is time to look, false when all is over. */
        synchronized boolean await(Duration pause) throws InterruptedException {
            var end = System.nanoTime() + pause.toNanos();
            while (!closed && !due && System.nanoTime() < end) {
                wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
            }
            due = false;
            return !closed;
        }

        /** Looks now; the answer has a future for each stack. */
        synchronized Future<List<Future<StackWorker.Run>>> now() {
            var answer = new CompletableFuture<List<Future<StackWorker.Run>>>();
            waiting.add(answer);
            due = true;
            notifyAll();
            return answer;
        }

        synchronized boolean isAsked() {
            return !waiting.isEmpty();
        }

        synchronized void looked(List<Future<StackWorker.Run>> stacks) {
            waiting.forEach(w -> w.complete(stacks));
            waiting.clear();
        }

        synchronized void failed(Exception e) {
            waiting.forEach(w -> w.completeExceptionally(e));
            waiting.clear();
        }

        synchronized void close() {
            closed = true;
            waiting.forEach(w -> w.cancel(false));
            notifyAll();
        }
    }

    private void poll(Follower follower, Nudge nudge, HealthMonitor health, Supervisor supervisor) {
        var backoff = new Backoff(RandomGenerator.getDefault());
        try {
            var pause = Duration.ZERO;
            var first = true;
            while (nudge.await(pause)) {
                try {
                    var asked = nudge.isAsked();
                    var trigger = asked ? "sync" : first ? "start" : "poll";
                    var told = tell(follower, follower.look(), trigger, health, supervisor);
                    nudge.looked(told);
                    say(follower, Optional.empty());
                    pause = backoff.succeeded(settings.interval());
                    first = false;
                } catch (IOException | RuntimeException e) {
                    nudge.failed(e);
                    problem(follower, e);
                    pause = backoff.failed();
                    if (first) {
                        // The remote is down, and the host still knows what it should run.
                        workFromClone(follower, health, supervisor);
                        first = false;
                    }
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("following ended url={}", follower.url());
        } catch (IOException e) {
            out.accept("following " + follower.url() + " ended: " + e.getMessage());
        }
    }

    private void workFromClone(Follower follower, HealthMonitor health, Supervisor supervisor) throws IOException {
        try {
            var known = follower.known();
            if (known.isPresent()) {
                tell(follower, known.get(), "start", health, supervisor);
            }
        } catch (GitException e) {
            LOG.debug("clone cannot be read url={}", follower.url(), e);
        }
    }

    /** Hands a revision to the stacks' workers, and marks those that the repository has no longer. */
    private List<Future<StackWorker.Run>> tell(
            Follower follower, Revision revision, String trigger, HealthMonitor health, Supervisor supervisor)
            throws IOException {
        Map<String, CommitSource> stacks;
        try {
            stacks = follower.stacks(revision);
        } catch (IOException e) {
            orphan(follower, Map.of());
            throw e;
        }
        var told = new ArrayList<Future<StackWorker.Run>>();
        for (var stack : stacks.entrySet()) {
            if (stopped.getCount() == 0) {
                break;
            }
            var worker = workers.get(stack.getKey());
            if (worker == null) {
                worker = worker(stack.getKey(), health, supervisor, settings.driftInterval());
                workers.put(stack.getKey(), worker);
                worker.start();
            }
            if (trigger.equals("sync")) {
                forgive(stack.getKey(), supervisor);
            }
            told.add(worker.want(stack.getValue(), trigger));
        }
        orphan(follower, stacks);
        return told;
    }

    private void forgive(String stack, Supervisor supervisor) throws IOException {
        engine.containers().observe().stream()
                .filter(c -> c.record().spec().owner().stack().equals(stack))
                .forEach(c -> supervisor.forgive(c.id()));
    }

    private void orphan(Follower follower, Map<String, CommitSource> stacks) throws IOException {
        for (var status : new StatusFiles(engine.root()).all()) {
            if (status.repository().equals(Optional.of(follower.url())) && !stacks.containsKey(status.stack())) {
                var worker = workers.remove(status.stack());
                if (worker != null) {
                    worker.close();
                }
                if (!status.orphaned()) {
                    records(status.stack()).orphaned();
                    out.accept("stack " + status.stack() + " is no longer in " + follower.url()
                            + "; its containers go on running, 'lockstep -p " + status.stack() + " down' removes them");
                }
            }
        }
    }

    private StackWorker worker(String stack, HealthMonitor health, Supervisor supervisor, Duration driftInterval) {
        return new StackWorker(
                stack,
                engine,
                new Deployment(engine, host),
                health,
                supervisor,
                records(stack),
                driftInterval,
                new Backoff(RandomGenerator.getDefault()),
                out);
    }

    private StackRecords records(String stack) {
        return new StackRecords(engine.root(), host, stack, clock);
    }

    private void healthChanged(String id, HealthState.Status status) {
        try {
            var container = engine.containers().observe(id);
            if (container.isPresent()) {
                out.accept("container " + container.get().name() + " is "
                        + status.name().toLowerCase(Locale.ROOT));
                var worker = workers.get(container.get().record().spec().owner().stack());
                if (worker != null) {
                    worker.look();
                }
            }
        } catch (IOException e) {
            LOG.debug("container went away id={}", id, e);
        }
    }

    private Answer answer(Request request, List<Nudge> nudges) {
        if (!request.verb().equals("sync")) {
            return Answer.error("this agent does not know how to " + request.verb());
        }
        var lines = new ArrayList<String>();
        var code = 0;
        try {
            for (var nudge : nudges.stream().map(Nudge::now).toList()) {
                for (var stack : nudge.get(patience(request), TimeUnit.MILLISECONDS)) {
                    code = worst(
                            code,
                            stack.get(patience(request), TimeUnit.MILLISECONDS).exitCode());
                }
            }
        } catch (ExecutionException e) {
            lines.add(
                    Optional.ofNullable(e.getCause()).map(Throwable::getMessage).orElse(e.toString()));
            code = 1;
        } catch (TimeoutException e) {
            lines.add("the agent is still at it; 'lockstep status' shows how far it is");
            code = 1;
        } catch (InterruptedException | CancellationException e) {
            lines.add("the agent was stopped");
            code = 1;
        }
        return new Answer(code, lines);
    }

    private long patience(Request request) {
        return Math.max(1, Duration.between(clock.instant(), request.deadline()).toMillis() - 100);
    }

    private void problem(Follower follower, Exception e) throws IOException {
        var message = Optional.ofNullable(e.getMessage()).orElse(e.toString());
        LOG.debug("repository failed url={}", follower.url(), e);
        if (say(follower, Optional.of(message))) {
            out.accept(message);
        }
        for (var status : new StatusFiles(engine.root()).all()) {
            if (status.repository().equals(Optional.of(follower.url()))) {
                records(status.stack()).fetchError(Optional.of(message));
            }
        }
    }

    /** Writes down how the repository is; true when that is news. */
    private synchronized boolean say(Follower follower, Optional<String> error) throws IOException {
        var commit = follower.last().map(Revision::commit);
        var last = repositories.get(follower.url());
        if (last != null && last.error().equals(error) && last.commit().equals(commit)) {
            return false;
        }
        if (last != null && last.error().isPresent() && error.isEmpty()) {
            out.accept("repository " + follower.url() + " is followed again");
            for (var status : new StatusFiles(engine.root()).all()) {
                records(status.stack()).fetchError(Optional.empty());
            }
        }
        repositories.put(
                follower.url(),
                new AgentStatus.Repository(follower.url(), follower.ref(), commit, error, clock.instant()));
        new AgentStatus(host, startedAt, List.copyOf(repositories.values())).write(engine.root());
        return true;
    }

    /** An error is worse than anything; else the larger code. */
    private static int worst(int a, int b) {
        return a == 1 || b == 1 ? 1 : Math.max(a, b);
    }
}
