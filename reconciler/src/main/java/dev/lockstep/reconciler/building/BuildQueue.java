package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.Backlog;
import dev.lockstep.reconciler.builds.BuildInputs;
import dev.lockstep.reconciler.builds.BuildNumbers;
import dev.lockstep.reconciler.builds.BuildOrder;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildRetention;
import dev.lockstep.reconciler.builds.BuildSink;
import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.LateTags;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.spec.settings.BuildsEntry;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The builds of an agent: takes orders, makes them one after the other, and remembers what became of each. What waits
 * is on the disk, so a queue that ends or is killed is taken up where it was by the next one. There is one at a time
 * for a root: its owner holds the agent's lock.
 */
public final class BuildQueue implements BuildSink, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BuildQueue.class);

    /** How soon a disk that was full is tried again. */
    private static final Duration LOOK = Duration.ofMinutes(1);

    private final Engine engine;
    private final BuildsEntry policy;
    private final Definitions definitions;
    private final ImageTags tags;
    private final ImagesInUse inUse;
    private final InstantSource clock;
    private final Consumer<String> out;
    private final BuildRecords records;
    private final BuildNumbers numbers;
    private final CommitBuild build;
    private final Deployment deployment;
    private final ScheduledExecutorService timer;
    private final List<Thread> workers = new ArrayList<>();

    private final Object monitor = new Object();
    /** All that is remembered; this alone writes while it is open. */
    private final TreeMap<Long, BuildRecord> known = new TreeMap<>();

    private final Map<Long, Stop> running = new HashMap<>();
    private final AwaitedBuilds awaited = new AwaitedBuilds();
    private final BuildNews news;

    /** Builds of which the disk does not say what became of them, as it is full: whoever looks there, sees them run. */
    private final Set<Long> unwritten = new HashSet<>();

    private boolean closed;
    /** Whether the last record could be. */
    private boolean written = true;

    /**
     * Opens it: what a killed one was building waits again, and what it left is taken away.
     *
     * @param images what the host's owner says of images that builds stand on
     * @param hostPolicy what stacks of repositories may ask for, which services that are run for tests are held to
     * @param out hears what a person should know; several threads call it
     */
    public BuildQueue(
            Engine engine,
            BuildsEntry policy,
            ImagePolicy images,
            HostPolicy hostPolicy,
            HostSecrets secrets,
            BuildSources sources,
            ImageTags tags,
            ImagesInUse inUse,
            InstantSource clock,
            Consumer<String> out)
            throws IOException {
        this.engine = engine;
        this.policy = policy;
        this.definitions = new Definitions(sources);
        this.tags = tags;
        this.inUse = inUse;
        this.clock = clock;
        this.out = out;
        this.news = new BuildNews(out);
        this.records = new BuildRecords(engine.root());
        this.numbers = new BuildNumbers(engine.root());
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("build-timer").factory());
        this.deployment = new Deployment(engine, engine.host(), images, hostPolicy, secrets);
        var limits = engine.builder()
                .limits(
                        policy.memory(),
                        policy.processes(),
                        why -> out.accept("builds of repositories are not limited: " + why));
        this.build = new CommitBuild(engine, policy, images, hostPolicy, secrets, records, timer, deployment, limits);
        takeUp();
    }

    private void takeUp() throws IOException {
        new TestLeftovers(engine, deployment).removeAll(out);
        removeLeftovers();
        for (var record : records.all(this::leaveOut)) {
            known.put(record.number(), record);
            if (record.state() == BuildRecord.State.BUILDING || record.state() == BuildRecord.State.TESTING) {
                if (record.restarts() > 0) {
                    // Perhaps it is what kills the agent.
                    var over = record.over(
                            BuildRecord.State.FAILED, "the agent was killed twice while it was made", clock.instant());
                    keep(over);
                    news.tell(over);
                } else {
                    keep(record.again(true));
                    out.accept("build " + record.number() + " of " + record.name()
                            + " was cut short by a kill and is made again");
                }
            }
        }
        engine.builder().cleanUp(); // what those containers were in is empty now
    }

    /** Told once of a damaged one: it is out of the way then. */
    private void leaveOut(StateException unusable) {
        var aside = "";
        try {
            aside = records.setAside(unusable) ? "; it was set aside" : "";
        } catch (IOException e) {
            LOG.debug("a damaged record of a build stays where it is", e);
        }
        out.accept("a build is left out: " + unusable.getMessage() + aside);
    }

    /** What cannot be removed now is another time. */
    private void removeLeftovers() {
        try {
            records.removeLeftovers(clock.instant());
        } catch (IOException e) {
            LOG.debug("what is left of forgotten builds stays", e);
        }
    }

    /** Hears of each build that has ended, however it did, from the thread that made it. */
    public void onEnd(Consumer<BuildRecord> listener) {
        news.onEnd(listener);
    }

    /** Begins to build. */
    public void start() {
        for (var i = 1; i <= policy.parallel(); i++) {
            var worker = Thread.ofPlatform().name("build-" + i).unstarted(this::work);
            workers.add(worker);
            worker.start();
        }
    }

    @Override
    public void submit(String repository, List<BuildOrder> orders) throws IOException {
        synchronized (monitor) {
            // The newest of a target gets the highest number: of two that succeeded that one counts.
            for (var order : orders.reversed()) {
                if (!isKnown(repository, order)) {
                    take(repository, order);
                }
            }
            forget();
            monitor.notifyAll();
        }
        news.announce();
    }

    /** Whether the same waits or is made already. */
    private boolean isKnown(String repository, BuildOrder order) {
        return known.values().stream()
                .filter(record -> record.state().isPending())
                .anyMatch(record -> record.repository().equals(repository)
                        && record.target().equals(order.target().name())
                        && record.image().equals(order.target().image())
                        && record.occasion().ref().equals(order.occasion().ref())
                        && record.occasion().commit().equals(order.occasion().commit()));
    }

    private BuildRecord take(String repository, BuildOrder order) throws IOException {
        var target = order.target();
        var number = numbers.next();
        var record = BuildRecord.queued(
                number,
                repository,
                target.name(),
                target.image(),
                order.occasion(),
                "",
                order.inputs(),
                clock.instant());
        var refusal = Optional.<String>empty();
        if (!policy.allows(repository)) {
            refusal = Optional.of("this host builds nothing of " + repository
                    + "; its owner can allow it by repositories below builds of agent.yaml");
        } else {
            definitions.keep(number, target);
            switch (definitions.find(record)) {
                case Definitions.Found.Nowhere(var why) -> refusal = Optional.of(why);
                case Definitions.Found.Here(var source, var _) -> {
                    record = record.about(source.tree().revision().subject());
                    try {
                        record = record.named(tags.fill(target, order.occasion(), source, number));
                    } catch (IllegalArgumentException e) {
                        refusal = Optional.of(String.valueOf(e.getMessage()));
                    }
                }
            }
        }
        if (refusal.isPresent()) {
            definitions.forget(number);
            put(record.over(BuildRecord.State.REFUSED, refusal.get(), clock.instant()));
            ended(number);
            return record;
        }
        put(record);
        for (var older : Backlog.superseded(List.copyOf(known.values()), record)) {
            put(older.over(
                    BuildRecord.State.SUPERSEDED,
                    "build " + number + " of a newer commit took its place",
                    clock.instant()));
            definitions.forget(older.number());
            awaited.remove(older.number());
            ended(older.number());
        }
        return record;
    }

    @Override
    public void refuse(String repository, List<Refusal> refusals) throws IOException {
        synchronized (monitor) {
            for (var refusal : refusals) {
                var number = numbers.next();
                var now = clock.instant();
                put(BuildRecord.queued(
                                number, repository, refusal.target(), refusal.image(), refusal.occasion(), "", "", now)
                        .over(BuildRecord.State.REFUSED, refusal.problem(), now));
                ended(number);
            }
            forget(); // a repository may have nothing but refusals
        }
        news.announce();
    }

    /** What became of a wish to build something again. */
    public sealed interface Retried {
        /** It waits under a number of its own. */
        record Queued(BuildRecord record) implements Retried {}

        /** It does not; a sentence. */
        record No(String why) implements Retried {}
    }

    /** A person asks for a build again: the same commit, under another number. */
    public Retried retry(long number) throws IOException {
        try {
            bring(number);
            return again(number);
        } finally {
            news.announce();
        }
    }

    /** Without the lock: a remote may let itself be waited for. */
    private void bring(long number) throws IOException {
        Optional<BuildRecord> over;
        synchronized (monitor) {
            over = Optional.ofNullable(known.get(number))
                    .filter(record -> !record.state().isPending());
        }
        if (over.isPresent()) {
            definitions.bring(over.get());
        }
    }

    private Retried again(long number) throws IOException {
        synchronized (monitor) {
            var old = known.get(number);
            if (old == null) {
                return new Retried.No("there is no build " + number);
            }
            if (old.state().isPending()) {
                return new Retried.No("build " + number + " is not over yet");
            }
            return switch (definitions.find(old)) {
                case Definitions.Found.Nowhere(var why) -> new Retried.No(why);
                case Definitions.Found.Here(var source, var target) -> again(old, source, target);
            };
        }
    }

    private Retried again(BuildRecord old, BuildSources.Source source, BuildTarget target) throws IOException {
        var occasion = new Occasion(
                Occasion.Kind.RETRY, old.occasion().ref(), old.occasion().commit());
        // Of what was refused nobody has counted them.
        var inputs = old.inputs().isEmpty() ? BuildInputs.of(source.tree(), target) : old.inputs();
        var record = take(old.repository(), new BuildOrder(target, occasion, inputs));
        monitor.notifyAll();
        var taken = known.getOrDefault(record.number(), record);
        return taken.state().isPending() ? new Retried.Queued(taken) : new Retried.No(taken.problem());
    }

    /** Waits until nothing waits and nothing is made, or the queue ends. */
    public void awaitIdle() throws InterruptedException {
        synchronized (monitor) {
            while (!closed
                    && known.values().stream().anyMatch(record -> record.state().isPending())) {
                monitor.wait();
            }
        }
    }

    /** The same for a while; false when that is too short. */
    public boolean awaitIdle(Duration patience) throws InterruptedException {
        var end = System.nanoTime() + patience.toNanos();
        synchronized (monitor) {
            while (known.values().stream().anyMatch(record -> record.state().isPending())) {
                var left = end - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(monitor, left);
            }
            return true;
        }
    }

    private void work() {
        try {
            while (true) {
                BuildRecord record;
                Stop stop;
                synchronized (monitor) {
                    var next = next();
                    if (next.isEmpty()) {
                        return;
                    }
                    record = next.get().begun(clock.instant());
                    if (!begin(record)) {
                        continue;
                    }
                    stop = new Stop();
                    running.put(record.number(), stop);
                }
                make(record, stop);
            }
        } catch (InterruptedException e) {
            LOG.debug("build worker ended");
        }
    }

    /** Waits for what is built next; empty when the queue ends. */
    private Optional<BuildRecord> next() throws InterruptedException {
        while (!closed) {
            writeAgain();
            var next = Backlog.next(
                    List.copyOf(known.values()), record -> awaited.mustWait(record.number(), this::isPending));
            if (next.isPresent()) {
                return next;
            }
            if (unwritten.isEmpty()) {
                monitor.wait();
            } else {
                TimeUnit.NANOSECONDS.timedWait(monitor, LOOK.toNanos());
            }
        }
        return Optional.empty();
    }

    private void writeAgain() {
        for (var number : List.copyOf(unwritten)) {
            try {
                var record = known.get(number);
                if (record != null) {
                    put(record);
                }
                unwritten.remove(number);
            } catch (IOException e) {
                LOG.debug("what became of it is still not written down number={}", number, e);
            }
        }
    }

    /** Also one that has ended and runs as far as the disk says: a build that waits for it would wait again. */
    private boolean isPending(long number) {
        return unwritten.contains(number)
                || Optional.ofNullable(known.get(number))
                        .filter(record -> record.state().isPending())
                        .isPresent();
    }

    /** Writes down that it begins. What cannot be, on a full disk, is another time. */
    private boolean begin(BuildRecord record) throws InterruptedException {
        try {
            put(record);
            written = true;
            return true;
        } catch (IOException e) {
            if (written) {
                out.accept("builds wait, since they cannot be written down: " + e.getMessage());
            }
            written = false;
            TimeUnit.NANOSECONDS.timedWait(monitor, LOOK.toNanos());
            return false;
        }
    }

    private void make(BuildRecord record, Stop stop) {
        var timeout = timer.schedule(
                () -> stop.now("it was not over after " + ImageTest.shown(policy.timeout())
                        + "; timeout below builds of agent.yaml allows more"),
                policy.timeout().toMillis(),
                TimeUnit.MILLISECONDS);
        CommitBuild.Result result;
        try {
            result = result(record, stop);
        } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
            // Whatever a repository's files bring about, the builds of others go on.
            LOG.debug("build failed number={}", record.number(), e);
            result = new CommitBuild.Result.Failed(
                    Optional.ofNullable(e.getMessage()).orElse(e.toString()));
        } catch (VirtualMachineError e) {
            // What is read is chosen by who can push; that there was no room for it must not be the end of all builds.
            LOG.warn("build failed number={}", record.number(), e);
            result = new CommitBuild.Result.Failed("there was no memory for what the build made this agent read: " + e);
        } finally {
            timeout.cancel(false);
        }
        synchronized (monitor) {
            running.remove(record.number());
            awaited.remove(record.number());
            var now = known.getOrDefault(record.number(), record);
            var then = switch (result) {
                case CommitBuild.Result.Made made ->
                    now.named(made.tags()).succeeded(made.digest(), made.pushed(), clock.instant());
                // One that is ended with its agent waits for the next.
                case CommitBuild.Result.Failed _, CommitBuild.Result.Waits _ when closed -> now.again(false);
                case CommitBuild.Result.Waits(var why, var builds) ->
                    awaited.add(record.number(), builds)
                            ? now.waiting(why)
                            : now.over(
                                    BuildRecord.State.FAILED,
                                    why + ", which waits for this one: neither can be tested before the other",
                                    clock.instant());
                case CommitBuild.Result.Failed(var why) -> now.over(BuildRecord.State.FAILED, why, clock.instant());
            };
            keep(then);
            if (then.state().isPending()) {
                if (!closed) {
                    out.accept("build " + then.number() + " of " + then.name() + " waits: " + then.problem());
                }
            } else {
                definitions.forget(record.number());
            }
            ended(record.number());
            forget();
            monitor.notifyAll();
        }
        news.announce();
    }

    private CommitBuild.Result result(BuildRecord record, Stop stop) throws IOException {
        return switch (definitions.find(record)) {
            case Definitions.Found.Nowhere(var why) -> new CommitBuild.Result.Failed(why);
            case Definitions.Found.Here(var source, var target) -> {
                out.accept("build " + record.number() + " of " + record.name() + " begins: "
                        + record.occasion().ref() + " at "
                        + record.occasion().commit().substring(0, 7));
                yield build.run(
                        record,
                        target,
                        source,
                        stop,
                        new CommitBuild.Course(() -> testing(record.number()), wanted -> free(record, wanted)));
            }
        };
    }

    private void testing(long number) {
        synchronized (monitor) {
            var record = known.get(number);
            if (record != null && record.state() == BuildRecord.State.BUILDING) {
                try {
                    put(record.testing());
                } catch (IOException e) {
                    LOG.debug("state is not written down number={}", number, e); // the end of it will be
                }
            }
        }
    }

    private List<String> free(BuildRecord record, List<String> wanted) {
        synchronized (monitor) {
            return LateTags.left(known, record, wanted);
        }
    }

    private void put(BuildRecord record) throws IOException {
        records.write(record);
        known.put(record.number(), record);
        unwritten.remove(record.number());
    }

    /**
     * The same, and what cannot be written down now is known all the same, and written when it can be. An agent that
     * starts before that takes it for one that was cut short, and makes it again.
     */
    private void keep(BuildRecord record) {
        try {
            put(record);
        } catch (IOException e) {
            known.put(record.number(), record);
            unwritten.add(record.number());
            out.accept("what became of build " + record.number() + " cannot be written down: " + e.getMessage());
        }
    }

    private void ended(long number) {
        var record = known.get(number);
        if (record != null && !record.state().isPending()) {
            news.add(record);
        }
    }

    /** What cannot be forgotten now is another time. */
    private void forget() {
        try {
            for (var record : BuildRetention.forgotten(List.copyOf(known.values()), policy.keep(), inUse.digests())) {
                records.remove(record.number());
                known.remove(record.number());
            }
        } catch (IOException e) {
            LOG.debug("old builds are not forgotten", e);
        }
    }

    /** Ends: what is being built is called off, and waits for the next queue. Returns when nothing runs any more. */
    @Override
    public void close() {
        List<Stop> stops;
        synchronized (monitor) {
            closed = true;
            stops = List.copyOf(running.values());
            monitor.notifyAll();
        }
        for (var stop : stops) {
            try {
                stop.now("the agent ends");
            } catch (RuntimeException e) {
                // The others must hear of it, and all are waited for: the one that does it tries once more to end it.
                LOG.warn("a build is called off, and not all of it could be stopped at once", e);
            }
        }
        var interrupted = false;
        for (var worker : workers) {
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true; // what it runs must not be left behind
                }
            }
        }
        timer.shutdownNow();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
