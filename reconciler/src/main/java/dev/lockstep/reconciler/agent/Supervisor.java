package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.plan.KeptName;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ExitOutcome;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartDecision;
import dev.lockstep.runtime.container.SupervisorWatch;
import dev.lockstep.runtime.event.EventTail;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears of every container that ends, puts its remains away and starts it again where its policy says so, or where a
 * followed stack wants it to run. The exit directory tells: conmon writes a file there for each container that ends.
 */
final class Supervisor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
    /** Starts without a policy, of a container that keeps failing, before we stop trying. */
    private static final int HEALINGS = 5;

    private static final Duration HEALING_WINDOW = Duration.ofMinutes(10);
    /** For starts that are under way at the end. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration FOR_EVER = Duration.ofDays(36_500);
    private static final Set<String> WATCHED_AFTER = Set.of("start", "update", "unpause");
    /**
     * The kernel tells of what there is to rotate; woken so often it is only looked whether somebody still wants it.
     */
    private static final Duration ROTATION_TURN = Duration.ofSeconds(30);

    private final Engine engine;
    private final HealthMonitor health;
    private final InstantSource clock;
    private final Predicate<String> followed;
    private final Predicate<String> healed;
    private final Consumer<String> out;
    private final WatchService exits;
    private final Thread watcher;
    private final EventTail events;
    private final Thread listener;
    private final Thread rotator;
    private final SupervisorWatch supervisors;
    private final Thread loser;
    /** They only say when; one of them may be at {@link #lookAgain}. */
    private final ScheduledThreadPoolExecutor timers;

    private final ContainerWork work = new ContainerWork();
    private final StartOrder order = new StartOrder();
    private final Map<String, CompletableFuture<Void>> withHost = new ConcurrentHashMap<>();
    private final Set<String> waiting = ConcurrentHashMap.newKeySet();
    private final Map<String, Handler> undone = new ConcurrentHashMap<>();
    private final Map<String, String> toldUndone = new ConcurrentHashMap<>();
    private final Map<String, RecentTimes> healings = new ConcurrentHashMap<>();
    private final Set<String> toldDamaged = ConcurrentHashMap.newKeySet();
    /** At the last look: what is wrong then is wrong at the next one, too. */
    private volatile Set<String> toldStill = Set.of();

    private volatile boolean closed;
    private final Set<String> givenUp = ConcurrentHashMap.newKeySet();

    /**
     * @param followed whether an agent follows the stack of that name
     * @param healed whether what fails in that stack is started again without a policy, too
     * @param out hears what a person should know, a sentence at a time
     */
    Supervisor(
            Engine engine,
            HealthMonitor health,
            InstantSource clock,
            Predicate<String> followed,
            Predicate<String> healed,
            Consumer<String> out)
            throws IOException {
        this.engine = engine;
        this.health = health;
        this.clock = clock;
        this.followed = followed;
        this.healed = healed;
        this.out = out;
        var directory = exitDirectory(engine);
        this.exits = directory.getFileSystem().newWatchService();
        directory.register(exits, StandardWatchEventKinds.ENTRY_CREATE);
        this.timers = new ScheduledThreadPoolExecutor(
                2, Thread.ofPlatform().daemon().name("restart-", 0).factory());
        this.timers.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        this.watcher = Thread.ofPlatform().daemon().name("exits").unstarted(this::watch);
        this.events = engine.events().tail();
        this.listener = Thread.ofPlatform().daemon().name("starts").unstarted(this::listen);
        this.rotator = Thread.ofPlatform().daemon().name("log-rotation").unstarted(this::rotateLogs);
        this.supervisors = engine.containers().watchSupervisors();
        this.loser = Thread.ofPlatform().daemon().name("losses").unstarted(this::hearOfLosses);
    }

    private static Path exitDirectory(Engine engine) throws IOException {
        return Root.directory(engine.containers().exitDirectory());
    }

    /**
     * Looks at everything once, then hears of what comes. What ended while nobody looked (the host went down, the agent
     * was away) and belongs to a followed stack is left to that stack's first plan, which knows the order.
     */
    void start() throws IOException {
        var all = engine.containers().observe();
        for (var container : all) {
            var gone = container.state() instanceof ContainerState.Lost
                    || container.state() instanceof ContainerState.Exited exited && !exited.finished();
            if (gone && isFollowed(container)) {
                run(container.id(), engine.containers()::finishExit, this::ended);
            }
        }
        order.expect(ended(all));
        for (var container : all) {
            if (!isFollowed(container)
                    && !KeptName.has(container.record())
                    && !container.isRunning()
                    && container.life().stoppedInBoot().isPresent()) {
                withHost.put(container.id(), new CompletableFuture<>());
                inOrder(container.id(), this::startWithHost);
            }
        }
        sweep();
        watcher.start();
        repair();
        listener.start();
        rotator.start();
        loser.start();
        var _ = timers.scheduleWithFixedDelay(this::lookAgainAndAgain, 1, 1, TimeUnit.MINUTES);
    }

    private boolean isFollowed(ObservedContainer container) {
        return followed.test(container.record().spec().owner().stack());
    }

    /** What a sweep deals with: it runs no more, and belongs to no stack whose plan knows the order. */
    private List<ObservedContainer> ended(List<ObservedContainer> all) {
        return all.stream()
                .filter(c -> c.state() instanceof ContainerState.Exited || c.state() instanceof ContainerState.Lost)
                .filter(c -> !isFollowed(c))
                .toList();
    }

    private void startWithHost(String id) throws IOException {
        if (engine.containers().startWithHost(id)) {
            out.accept("container " + name(id) + " was started with the host, as its policy always says");
        }
    }

    /** What it throws would make this turn the last one. */
    private void lookAgainAndAgain() {
        try {
            lookAgain();
        } catch (RuntimeException | VirtualMachineError e) {
            LOG.warn("what could not be done is looked at a minute later error={}", e.toString());
        }
    }

    /** What could not be done when we heard of it, on a full disk for one, is done when it can be. */
    void lookAgain() {
        endStandStills();
        repair();
        var again = Map.copyOf(undone);
        undone.keySet().removeAll(again.keySet());
        try {
            order.expect(engine.containers().observe().stream()
                    .filter(c -> again.containsKey(c.id()))
                    .toList());
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            LOG.debug("tried again in any order", e);
        }
        again.forEach(this::inOrder);
    }

    /** Ids of containers whose end could not be dealt with, or whose start failed. */
    Set<String> undone() {
        return Set.copyOf(undone.keySet());
    }

    private String name(String id) {
        try {
            return engine.containers().observe(id).map(ObservedContainer::name).orElse(id);
        } catch (IOException | RuntimeException e) {
            LOG.debug("container={}", id, e); // what is wrong with its files is told by repair
            return id;
        }
    }

    private void hearOfLosses() {
        lasting("containers whose conmon is killed are found by the drift check only", () -> {
            for (var losses = supervisors.await(); !losses.isEmpty(); losses = supervisors.await()) {
                for (var loss : losses) {
                    switch (loss) {
                        case SupervisorWatch.Loss.Supervisor(var id) -> tellUnsupervised(id);
                        case SupervisorWatch.Loss.Container(var id) -> later(id, Duration.ZERO, this::ended);
                    }
                }
            }
        });
    }

    /** Work of a thread of its own, which goes on whatever fails. */
    private void lasting(String without, Setbacks.Work work) {
        try {
            new Setbacks(without, this::tellOpen).outlive(() -> {
                if (!closed) {
                    work.run();
                }
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What fails because we are closing is no news. */
    private void tellOpen(String sentence) {
        if (!closed) {
            out.accept(sentence);
        }
    }

    private void tellUnsupervised(String id) {
        out.accept("container " + name(id)
                + " has lost its conmon, which somebody has killed: it runs on, but what it writes is lost, and so will"
                + " be its exit code; 'lockstep restart' puts that right");
    }

    private void rotateLogs() {
        lasting("logs grow over their sizes", () -> {
            try (var rotation = engine.containers().rotateLogs()) {
                while (!Thread.currentThread().isInterrupted()) {
                    rotation.await(ROTATION_TURN);
                }
            }
        });
    }

    /** A command that let containers stand still was killed, and it may be long until another one comes. */
    private void endStandStills() {
        try {
            var sentences = engine.endStandStills();
            sentences.stream().filter(line -> !toldStill.contains(line)).forEach(out);
            toldStill = Set.copyOf(sentences);
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            LOG.warn("containers may stand still error={}", e.toString());
        }
    }

    /** Files that somebody or a disk has damaged: what can be told from elsewhere is, the rest is said once. */
    private void repair() {
        try {
            engine.containers().repair().forEach(out);
            for (var damaged : engine.containers().damaged()) {
                if (toldDamaged.add(damaged.id())) {
                    out.accept(damaged.sentence());
                }
            }
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            LOG.warn("records are not repaired error={}", e.toString());
        }
    }

    /** Containers that plans must leave alone: they wait for their restart, or were started too often. */
    Set<String> leftAlone() {
        var ids = new HashSet<>(waiting);
        ids.addAll(givenUp);
        return ids;
    }

    /** Containers whose restart is due, after a pause that is not over. */
    Set<String> waiting() {
        return Set.copyOf(waiting);
    }

    /** Once it is closed: containers that it would have gone on with. */
    Set<String> left() {
        var ids = new HashSet<>(waiting);
        ids.addAll(undone());
        return ids;
    }

    /** Containers that are not started any more, for the status. */
    Set<String> givenUp() {
        return Set.copyOf(givenUp);
    }

    /** A new revision of a stack, or a person's order, is a new chance for all its containers. */
    void forgive(String stack) throws IOException {
        for (var container : engine.containers().observe()) {
            if (container.record().spec().owner().stack().equals(stack)) {
                givenUp.remove(container.id());
                healings.remove(container.id());
            }
        }
    }

    private void watch() {
        // Whoever failed may have missed something: then all are looked at.
        var missed = new AtomicBoolean();
        lasting("containers that end are found by the drift check only", () -> {
            if (missed.getAndSet(true)) {
                sweep();
            }
            hearOfExits();
        });
    }

    private void hearOfExits() throws IOException, InterruptedException {
        var valid = true;
        while (valid) {
            var key = exits.take();
            var overflow = false;
            try {
                for (var event : key.pollEvents()) {
                    if (event.kind().equals(StandardWatchEventKinds.OVERFLOW)) {
                        overflow = true;
                    } else if (event.context() instanceof Path name
                            && !name.toString().startsWith(".")) {
                        later(name.toString(), Duration.ZERO, this::ended);
                    }
                }
            } finally {
                valid = key.reset(); // or nothing is ever heard again
            }
            if (overflow) {
                sweep();
            }
        }
        out.accept("the exit directory is gone; containers that end are found by the drift check only");
    }

    /** Commands start containers too, and change their health checks; all of them write down what they do. */
    private void listen() {
        var missed = new AtomicBoolean();
        lasting("health checks of what commands start are not run", () -> {
            if (missed.getAndSet(true)) {
                sweep();
            }
            while (true) {
                for (var event : events.await(FOR_EVER)) {
                    if (event.type().equals("container") && WATCHED_AFTER.contains(event.action())) {
                        watch(event.id());
                    }
                }
            }
        });
    }

    /** Everything that runs is watched for its health; everything that ended is dealt with. */
    void sweep() throws IOException {
        var all = engine.containers().observe();
        order.expect(ended(all));
        for (var container : all) {
            switch (container.state()) {
                case ContainerState.Running _ -> watch(container.id());
                case ContainerState.Exited(var outcome, var finished) -> {
                    if (!finished) {
                        later(container.id(), Duration.ZERO, this::ended);
                    } else if (!isFollowed(container)) {
                        later(container.id(), Duration.ZERO, _ -> goOnWaiting(container, outcome));
                    }
                }
                case ContainerState.Lost _ -> {
                    if (!isFollowed(container)) {
                        later(container.id(), Duration.ZERO, this::ended);
                    }
                }
                case ContainerState.Created _ -> {
                    // Whoever made it starts it, or the next plan does.
                }
            }
        }
    }

    private void watch(String id) {
        toldUndone.remove(id);
        health.watch(id);
        supervisors.watch(id);
    }

    /** Whoever put it away and waited for the time of its restart, an agent or a command, is gone. */
    private void goOnWaiting(ObservedContainer container, ExitOutcome outcome) throws IOException {
        if (engine.containers().decideRestart(container.id()) instanceof RestartDecision.Restart restart) {
            restart(
                    container,
                    restart.wait(outcome.finishedAt(), clock.instant()),
                    outcome,
                    engine.containers()::startAgain,
                    this::tryAgain);
        }
    }

    private interface Handler {
        void handle(String id) throws IOException;
    }

    private void later(String id, Duration delay, Handler handler) {
        schedule(id, delay, () -> submit(id, handler, handler), handler);
    }

    /** After those that it needs and that are going to be tried themselves. */
    private void inOrder(String id, Handler handler) {
        inOrder(id, Duration.ZERO, handler, handler);
    }

    private void inOrder(String id, Duration delay, Handler handler, Handler again) {
        schedule(id, delay, () -> order.inTurn(id, () -> submit(id, handler, again)), again);
    }

    private void schedule(String id, Duration delay, Runnable task, Handler again) {
        try {
            var _ = timers.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            leave(id, again);
        } catch (OutOfMemoryError e) {
            failed(id, again, e);
            tried(id);
        }
    }

    private void submit(String id, Handler handler, Handler again) {
        try {
            work.submit(id, () -> run(id, handler, again));
        } catch (RejectedExecutionException e) {
            leave(id, again);
        } catch (OutOfMemoryError e) {
            // No thread is to be had: another process has taken all that this host or our unit may have, say.
            failed(id, again, e);
            tried(id);
        }
    }

    /** We are closing: somebody else goes on with it. */
    private void leave(String id, Handler again) {
        LOG.debug("closing container={}", id);
        waiting.remove(id);
        undone.put(id, again);
    }

    /** @param again what is to be done at the next look when this fails */
    private void run(String id, Handler handler, Handler again) {
        try {
            handler.handle(id);
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            failed(id, again, e);
        } finally {
            if (!waiting.contains(id)) {
                tried(id);
            }
        }
    }

    private void failed(String id, Handler again, Throwable e) {
        waiting.remove(id);
        undone.put(id, again);
        LOG.warn("container={} error={}", id, e.toString());
        var why = Optional.ofNullable(e.getMessage()).orElse(e.toString());
        if (!why.equals(toldUndone.put(id, why))) {
            out.accept("container " + name(id) + " could not be started or put away, which is tried again each"
                    + " minute: " + why);
        }
    }

    private void tried(String id) {
        order.tried(id);
        Optional.ofNullable(withHost.remove(id)).ifPresent(done -> done.complete(null));
    }

    private void ended(String id) throws IOException {
        var containers = engine.containers();
        if (containers.observe(id).isEmpty()) {
            toldUndone.remove(id);
            return; // removed meanwhile, or an exec session's
        }
        if (containers.removeEnded(id)) {
            new DefaultBridge(engine).removeIfUnused();
            return;
        }
        var outcome = containers.finishExit(id);
        var now = containers.observe(id);
        if (outcome.isEmpty() || now.isEmpty() || now.get().isRunning()) {
            return;
        }
        LOG.info("ended container={} code={}", now.get().name(), outcome.get().exitCode());
        switch (containers.decideRestart(id)) {
            case RestartDecision.Restart(var after) ->
                restart(now.get(), after, outcome.get(), containers::startAgain, this::tryAgain);
            case RestartDecision.Stay _ -> heal(now.get(), outcome.get());
        }
    }

    private interface Starter {
        /** Whether it was started. */
        boolean start(String id) throws IOException;
    }

    private void restart(
            ObservedContainer container, Duration after, ExitOutcome outcome, Starter starter, Handler again) {
        if (waiting.add(container.id())) {
            if (container.life().error().isEmpty()) { // else its start failed, which has been told
                out.accept("container " + container.name() + " ended with exit code " + outcome.exitCode()
                        + (outcome.oomKilled() ? " (out of memory)" : "") + "; restart in " + after.toMillis()
                        + " ms");
            }
            inOrder(container.id(), after, id -> startAgain(id, starter), again);
        }
    }

    /** In a followed stack a container that failed is drift, also without a policy. */
    private void heal(ObservedContainer container, ExitOutcome outcome) {
        var spec = container.record().spec();
        var wanted = healed.test(spec.owner().stack())
                && outcome.exitCode() != 0
                && !container.life().stoppedByUser()
                && !spec.restart().explicit();
        if (!wanted || givenUp.contains(container.id())) {
            return;
        }
        var starts = healings.computeIfAbsent(container.id(), _ -> new RecentTimes(HEALING_WINDOW));
        synchronized (starts) {
            var now = clock.instant();
            if (starts.count(now) >= HEALINGS) {
                givenUp.add(container.id());
                out.accept("container " + container.name() + " was started " + HEALINGS + " times in "
                        + HEALING_WINDOW.toMinutes()
                        + " minutes and failed each time; it is not started again until its"
                        + " definition changes or 'lockstep sync' asks for it");
                return;
            }
            starts.add(now);
        }
        var ran = container
                .life()
                .startedAt()
                .map(at -> Duration.between(at, outcome.finishedAt()))
                .orElse(Duration.ZERO);
        var pause = RestartDecision.nextDelay(container.life().delay(), ran);
        restart(container, pause, outcome, id -> engine.containers().heal(id, pause), this::ended);
    }

    private void startAgain(String id, Starter starter) throws IOException {
        if (waiting.remove(id)) {
            begin(id, starter);
        }
    }

    private void begin(String id, Starter starter) throws IOException {
        if (starter.start(id)) {
            out.accept("container " + name(id) + " was started again");
            watch(id);
        }
    }

    /** Its policy asked for a start that failed: without another pause, this is the next look already. */
    private void tryAgain(String id) throws IOException {
        begin(id, engine.containers()::startAgain);
    }

    /** Ends it. What is being started meanwhile is started; what waits is not, see {@link #left}. */
    @Override
    public void close() {
        closed = true;
        try (events;
                supervisors) {
            exits.close();
        } catch (IOException e) {
            LOG.debug("closing the watch failed", e);
        }
        rotator.interrupt();
        var until = System.nanoTime() + PATIENCE.toNanos();
        try {
            // Nobody else goes on with these: where an agent looks only once, they come up in its time.
            CompletableFuture.allOf(withHost.values().toArray(CompletableFuture<?>[]::new))
                    .completeOnTimeout(null, PATIENCE.toNanos(), TimeUnit.NANOSECONDS)
                    .join();
            timers.shutdown();
            var dropped = work.close(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
            dropped.stream().filter(id -> !waiting.contains(id)).forEach(id -> undone.put(id, this::ended));
            if (!dropped.isEmpty()) {
                LOG.warn("containers are still being put away or started: {}", dropped);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        timers.shutdownNow();
    }
}
