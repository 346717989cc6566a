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
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.spec.settings.BuildsEntry;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
    private final BuildSources sources;
    private final Tags tags;
    private final InUse inUse;
    private final InstantSource clock;
    private final Consumer<String> out;
    private final BuildRecords records;
    private final BuildNumbers numbers;
    private final CommitBuild build;
    private final Deployment deployment;
    private final ScheduledExecutorService timer;
    private final List<Consumer<BuildRecord>> listeners = new CopyOnWriteArrayList<>();
    private final List<Thread> workers = new ArrayList<>();

    private final Object monitor = new Object();
    /** All that is remembered; this alone writes while it is open. */
    private final TreeMap<Long, BuildRecord> known = new TreeMap<>();
    /** How commits define what was ordered since this was opened; of others the commit is asked. */
    private final Map<Long, BuildTarget> targets = new HashMap<>();

    private final Map<Long, Stop> running = new HashMap<>();
    /** What has ended and nobody was told of: told without the monitor, since who hears of it may ask something. */
    private final Queue<BuildRecord> news = new ConcurrentLinkedQueue<>();

    private boolean closed;
    /** Whether the last record could be. */
    private boolean written = true;

    /** Fills in the templates of tags. */
    @FunctionalInterface
    public interface Tags {
        /**
         * The tags of an image.
         *
         * @param target whose templates they are
         * @param number of the build
         * @throws IllegalArgumentException with a sentence, when a template gives no tag
         */
        List<String> fill(BuildTarget target, Occasion occasion, BuildSources.Source source, long number)
                throws IOException;
    }

    /** Tells which images are in use. */
    @FunctionalInterface
    public interface InUse {
        /** Those that containers have, or that a stack would go back to. */
        Set<Digest> digests() throws IOException;
    }

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
            Tags tags,
            InUse inUse,
            InstantSource clock,
            Consumer<String> out)
            throws IOException {
        this.engine = engine;
        this.policy = policy;
        this.sources = sources;
        this.tags = tags;
        this.inUse = inUse;
        this.clock = clock;
        this.out = out;
        this.records = new BuildRecords(engine.root());
        this.numbers = new BuildNumbers(engine.root());
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("build-timer").factory());
        this.deployment = new Deployment(engine, engine.host(), images, hostPolicy, secrets);
        this.build = new CommitBuild(engine, policy, images, secrets, records, timer, deployment);
        takeUp();
    }

    private void takeUp() throws IOException {
        removeTests();
        for (var record : records.all()) {
            known.put(record.number(), record);
            if (record.state() == BuildRecord.State.BUILDING || record.state() == BuildRecord.State.TESTING) {
                removeStacks(CommitBuild.test(record.number()));
                if (record.restarts() > 0) {
                    // Perhaps it is what kills the agent.
                    put(record.over(
                            BuildRecord.State.FAILED, "the agent was killed twice while it was made", clock.instant()));
                    tell(known.get(record.number()));
                } else {
                    put(record.again(true));
                    out.accept("build " + record.number() + " of " + record.name()
                            + " was cut short by a kill and is made again");
                }
            }
        }
    }

    /** What tests of a killed agent left. */
    private void removeTests() throws IOException {
        for (var container : engine.containers().observe()) {
            if (container.record().spec().labels().containsKey(ImageTest.LABEL)) {
                new DefaultBridge(engine).remove(container.record(), true);
            }
        }
    }

    /** Networks and volumes of services that a killed agent was testing. */
    private void removeStacks(String name) throws IOException {
        var stacks = Stream.concat(
                        engine.networks().observe().networks().stream()
                                .map(network -> network.record().spec().owner().stack()),
                        engine.volumes().list().stream()
                                .map(volume -> volume.spec().owner().stack()))
                .filter(stack -> stack.equals(name) || stack.startsWith(name + "-"))
                .collect(Collectors.toSet());
        for (var stack : stacks) {
            ServiceTest.takeDown(engine, deployment, stack);
        }
    }

    /** Hears of each build that has ended, however it did, from the thread that made it. */
    public void onEnd(Consumer<BuildRecord> listener) {
        listeners.add(listener);
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
        announce();
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
        var source = sources.find(repository, order.occasion().commit());
        var record = new BuildRecord(
                number,
                repository,
                target.name(),
                target.image(),
                List.of(),
                order.occasion(),
                source.map(found -> found.tree().revision().subject()).orElse(""),
                order.inputs(),
                BuildRecord.State.QUEUED,
                Optional.empty(),
                false,
                "",
                clock.instant(),
                Optional.empty(),
                Optional.empty());
        var refusal = Optional.<String>empty();
        if (!policy.allows(repository)) {
            refusal = Optional.of("this host builds nothing of " + repository
                    + "; its owner can allow it by repositories below builds of agent.yaml");
        } else if (source.isEmpty()) {
            refusal = Optional.of(missing(record));
        } else {
            try {
                record = record.named(tags.fill(target, order.occasion(), source.get(), number));
            } catch (IllegalArgumentException e) {
                refusal = Optional.of(String.valueOf(e.getMessage()));
            }
        }
        if (refusal.isPresent()) {
            put(record.over(BuildRecord.State.REFUSED, refusal.get(), clock.instant()));
            ended(number);
            return record;
        }
        targets.put(number, target);
        put(record);
        for (var older : Backlog.superseded(List.copyOf(known.values()), record)) {
            put(older.over(
                    BuildRecord.State.SUPERSEDED,
                    "build " + number + " of a newer commit took its place",
                    clock.instant()));
            targets.remove(older.number());
            ended(older.number());
        }
        return record;
    }

    private static String missing(BuildRecord record) {
        return "commit " + record.occasion().commit() + " of " + record.repository()
                + " is not on this host, or its repository is not followed any more";
    }

    @Override
    public void refuse(String repository, List<Refusal> refusals) throws IOException {
        synchronized (monitor) {
            for (var refusal : refusals) {
                var number = numbers.next();
                put(new BuildRecord(
                                number,
                                repository,
                                refusal.target(),
                                refusal.image(),
                                List.of(),
                                refusal.occasion(),
                                "",
                                "",
                                BuildRecord.State.QUEUED,
                                Optional.empty(),
                                false,
                                "",
                                clock.instant(),
                                Optional.empty(),
                                Optional.empty())
                        .over(BuildRecord.State.REFUSED, refusal.problem(), clock.instant()));
                ended(number);
            }
            forget(); // a repository may have nothing but refusals
        }
        announce();
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
            return again(number);
        } finally {
            announce();
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
            var source = sources.find(old.repository(), old.occasion().commit());
            if (source.isEmpty()) {
                return new Retried.No(missing(old));
            }
            var target = target(old, source.get());
            if (target.isEmpty()) {
                return new Retried.No(gone(old));
            }
            var record = take(
                    old.repository(),
                    new BuildOrder(
                            target.get(),
                            new Occasion(
                                    Occasion.Kind.RETRY,
                                    old.occasion().ref(),
                                    old.occasion().commit()),
                            // Of what was refused nobody has counted them.
                            old.inputs().isEmpty() ? BuildInputs.of(source.get().tree(), target.get()) : old.inputs()));
            monitor.notifyAll();
            var taken = known.getOrDefault(record.number(), record);
            return taken.state().isPending() ? new Retried.Queued(taken) : new Retried.No(taken.problem());
        }
    }

    private Optional<BuildTarget> target(BuildRecord record, BuildSources.Source source) throws IOException {
        var ordered = Optional.ofNullable(targets.get(record.number()));
        return ordered.isPresent()
                ? ordered
                : source.targets().stream()
                        .filter(target -> target.name().equals(record.target())
                                && target.image().equals(record.image()))
                        .findFirst();
    }

    private static String gone(BuildRecord record) {
        return "commit " + record.occasion().commit().substring(0, 7) + " has no build " + record.target()
                + " for this host";
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
            var next = Backlog.next(List.copyOf(known.values()));
            if (next.isPresent()) {
                return next;
            }
            monitor.wait();
        }
        return Optional.empty();
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
            var now = known.getOrDefault(record.number(), record);
            var then = switch (result) {
                case CommitBuild.Result.Made made ->
                    now.named(made.tags()).succeeded(made.digest(), made.pushed(), clock.instant());
                // One that is ended with its agent waits for the next.
                case CommitBuild.Result.Failed _ when closed -> now.again(false);
                case CommitBuild.Result.Failed(var why) -> now.over(BuildRecord.State.FAILED, why, clock.instant());
            };
            try {
                put(then);
            } catch (IOException e) {
                // An agent that starts takes it for one that was cut short, and makes it again.
                known.put(then.number(), then);
                out.accept("what became of build " + then.number() + " cannot be written down: " + e.getMessage());
            }
            if (!then.state().isPending()) {
                targets.remove(record.number());
            }
            ended(record.number());
            forget();
            monitor.notifyAll();
        }
        announce();
    }

    private CommitBuild.Result result(BuildRecord record, Stop stop) throws IOException {
        var source = sources.find(record.repository(), record.occasion().commit());
        if (source.isEmpty()) {
            return new CommitBuild.Result.Failed(missing(record));
        }
        Optional<BuildTarget> target;
        synchronized (monitor) {
            target = target(record, source.get());
        }
        if (target.isEmpty()) {
            return new CommitBuild.Result.Failed(gone(record));
        }
        out.accept("build " + record.number() + " of " + record.name() + " begins: "
                + record.occasion().ref() + " at " + record.occasion().commit().substring(0, 7));
        return build.run(
                record,
                target.get(),
                source.get(),
                stop,
                new CommitBuild.Course(() -> testing(record.number()), wanted -> free(record, wanted)));
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

    /** Those that no newer build of the same target has already: a late one does not turn {@code latest} back. */
    private List<String> free(BuildRecord record, List<String> wanted) {
        synchronized (monitor) {
            var newer = known.tailMap(pushed(record), false).values().stream()
                    .filter(other -> other.state() == BuildRecord.State.SUCCEEDED)
                    .filter(other -> isOfSameTarget(other, record))
                    .filter(other -> other.number() > record.number()
                            || !other.occasion()
                                    .commit()
                                    .equals(record.occasion().commit()))
                    .toList();
            return wanted.stream()
                    .filter(tag ->
                            newer.stream().noneMatch(other -> other.tags().contains(tag)))
                    .toList();
        }
    }

    private static boolean isOfSameTarget(BuildRecord a, BuildRecord b) {
        return a.repository().equals(b.repository())
                && a.target().equals(b.target())
                && a.image().equals(b.image());
    }

    /**
     * The build of the push that is made again, as far as one is remembered: an old commit that somebody wants once
     * more is as late as it was then.
     */
    private long pushed(BuildRecord record) {
        return switch (record.occasion().kind()) {
            case TAG, BRANCH -> record.number();
            case RETRY, WANTED ->
                known.headMap(record.number(), false).descendingMap().values().stream()
                        .filter(other -> isOfSameTarget(other, record))
                        .filter(other ->
                                other.occasion().ref().equals(record.occasion().ref()))
                        .filter(other -> other.occasion()
                                .commit()
                                .equals(record.occasion().commit()))
                        .filter(other -> other.occasion().kind() == Occasion.Kind.TAG
                                || other.occasion().kind() == Occasion.Kind.BRANCH)
                        .map(BuildRecord::number)
                        .findFirst()
                        .orElse(record.number());
        };
    }

    private void put(BuildRecord record) throws IOException {
        records.write(record);
        known.put(record.number(), record);
    }

    private void ended(long number) {
        var record = known.get(number);
        if (record != null && !record.state().isPending()) {
            news.add(record);
        }
    }

    private void announce() {
        for (var record = news.poll(); record != null; record = news.poll()) {
            tell(record);
            for (var listener : listeners) {
                listener.accept(record);
            }
        }
    }

    private void tell(BuildRecord record) {
        var what = "build " + record.number() + " of " + record.name();
        switch (record.state()) {
            case SUCCEEDED ->
                out.accept(what + " succeeded: "
                        + record.digest().map(Digest::toString).orElse(""));
            case FAILED ->
                out.accept(what + " failed: " + record.problem() + "; what runs stays as it is. 'lockstep builds logs "
                        + record.number() + "' shows what it said");
            case REFUSED -> out.accept(what + " is refused: " + record.problem() + "; what runs stays as it is");
            case SUPERSEDED -> out.accept(what + " is not made: " + record.problem());
            case QUEUED, BUILDING, TESTING -> {}
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
        stops.forEach(stop -> stop.now("the agent ends"));
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
