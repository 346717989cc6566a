package dev.lockstep.reconciler.apply;

import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.plan.KeptName;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.reconciler.plan.Turn;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.model.Dependency;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out the steps of one plan. A step begins when those before it are done; one that fails keeps back those after
 * it and no others. Whoever applies holds the stack's lock.
 *
 * <p>Nothing here is remembered for a second try: killed at any moment, the next plan sees what there is and goes on.
 */
public final class Applier {
    private static final Logger LOG = LoggerFactory.getLogger(Applier.class);
    /** Starting a container is work for the processor; more at a time than this only makes each slower (measured). */
    public static final int AT_A_TIME = 4;

    /** A wrong command, a missing library, a file that is not there: they end a program in less. */
    private static final Duration SHORT_LOOK = Duration.ofMillis(500);

    private final Engine engine;
    private final HealthMonitor health;
    private final BeforeStart beforeStart;
    private final ApplyListener listener;
    private final Optional<Duration> grace;
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private final Semaphore slots;
    private final Optional<KeptContainers> kept;
    private final Duration steady;
    private final CountDownLatch superseded;
    private final WaitLimits limits;
    /** What pulls have told, for specs that were planned without knowing it. */
    private final Map<ImageReference, Digest> pulled = new ConcurrentHashMap<>();

    /** Containers are stopped with their own grace, and what must come to be first is waited for without a limit. */
    public Applier(Engine engine, HealthMonitor health, BeforeStart beforeStart, ApplyListener listener) {
        this(engine, health, beforeStart, listener, Optional.empty());
    }

    /** @param grace how long every container may take to end, instead of its own ({@code -t}) */
    public Applier(
            Engine engine,
            HealthMonitor health,
            BeforeStart beforeStart,
            ApplyListener listener,
            Optional<Duration> grace) {
        this(
                engine,
                health,
                beforeStart,
                listener,
                grace,
                AT_A_TIME,
                Optional.empty(),
                Gates.STEADY,
                never(),
                WaitLimits.forEver());
    }

    /** @param limits of waiting for what must come to be before steps; what runs out fails the step */
    public Applier(
            Engine engine, HealthMonitor health, BeforeStart beforeStart, ApplyListener listener, WaitLimits limits) {
        this(engine, health, beforeStart, listener, Optional.empty(), never(), limits);
    }

    /** @param kept takes the containers that others take the place of, until somebody knows that those are well */
    public Applier(
            Engine engine,
            HealthMonitor health,
            BeforeStart beforeStart,
            ApplyListener listener,
            KeptContainers kept,
            WaitLimits limits) {
        this(engine, health, beforeStart, listener, Optional.of(kept), never(), limits);
    }

    /**
     * The same for somebody who may come to want something else meanwhile.
     *
     * @param superseded counted down, steps wait for nothing more of what others must come to be first, and are
     *     skipped; what need not wait is done all the same, and no step that has begun is broken off
     */
    public Applier(
            Engine engine,
            HealthMonitor health,
            BeforeStart beforeStart,
            ApplyListener listener,
            Optional<KeptContainers> kept,
            CountDownLatch superseded,
            WaitLimits limits) {
        this(
                engine,
                health,
                beforeStart,
                listener,
                Optional.empty(),
                AT_A_TIME,
                kept,
                Gates.STEADY,
                superseded,
                limits);
    }

    /**
     * The same with another number of steps at a time, and for somebody who waits in front of it: replicas are changed
     * one group after the other all the same, but a new one without a health check need only not have failed at once.
     * {@code docker compose up} replaces them all without a look.
     *
     * @param atATime how many may be at work; those that wait for others do not count
     */
    public Applier(
            Engine engine,
            HealthMonitor health,
            BeforeStart beforeStart,
            ApplyListener listener,
            Optional<Duration> grace,
            int atATime) {
        this(
                engine,
                health,
                beforeStart,
                listener,
                grace,
                atATime,
                Optional.empty(),
                SHORT_LOOK,
                never(),
                WaitLimits.forEver());
    }

    private Applier(
            Engine engine,
            HealthMonitor health,
            BeforeStart beforeStart,
            ApplyListener listener,
            Optional<Duration> grace,
            int atATime,
            Optional<KeptContainers> kept,
            Duration steady,
            CountDownLatch superseded,
            WaitLimits limits) {
        this.limits = limits;
        this.steady = steady;
        this.superseded = superseded;
        this.kept = kept;
        this.slots = new Semaphore(atATime);
        this.grace = grace;
        this.engine = engine;
        this.health = health;
        this.beforeStart = beforeStart;
        this.listener = listener;
    }

    private static CountDownLatch never() {
        return new CountDownLatch(1);
    }

    /** Begins nothing more and waits for nothing more; what runs comes to its end. May be called from any thread. */
    public void cancel() {
        cancelled.countDown();
    }

    /** Whether somebody broke it off. */
    public boolean isCancelled() {
        return cancelled.getCount() == 0;
    }

    /**
     * Applies the plan; one result for each step, in the plan's order. Returns when the last step is over.
     *
     * @throws IOException when this root cannot be used at all; nothing was begun
     */
    public List<StepResult> apply(Plan plan) throws IOException {
        // What was pulled for a container that waits for others stays until it is made.
        try (var _ = engine.images().lease("apply of stack " + plan.stack())) {
            return steps(plan);
        }
    }

    private List<StepResult> steps(Plan plan) throws IOException {
        // A step's own wait is part of what it changes.
        var gates = new Gates(engine.containers(), health, plan.stack(), cancelled, steady);
        var before = gates.endedToo(superseded);
        var fixed = FixedAddresses.of(plan);
        for (var network : fixed.networks()) {
            fixed.reserve(engine.networks(), network);
        }
        var futures = new LinkedHashMap<String, CompletableFuture<StepResult>>();
        // Steps block in native calls, which virtual threads must not; most of them wait, so there may be many.
        try (var threads = Executors.newCachedThreadPool(
                Thread.ofPlatform().name("apply-", 0).factory())) {
            for (var step : plan.steps()) {
                var earlier = step.after().stream()
                        .map(futures::get)
                        .filter(Objects::nonNull)
                        .toList();
                futures.put(
                        step.id(),
                        CompletableFuture.allOf(earlier.toArray(CompletableFuture[]::new))
                                .thenApplyAsync(_ -> run(step, earlier, before, gates, fixed), threads));
            }
            var results = new ArrayList<StepResult>();
            futures.values().forEach(f -> results.add(f.join()));
            return List.copyOf(results);
        }
    }

    private StepResult run(
            Step step, List<CompletableFuture<StepResult>> before, Gates first, Gates gates, FixedAddresses fixed) {
        var result = tryRun(step, before, first, gates, fixed);
        listener.finished(result);
        return result;
    }

    /** @param first what the step waits with before it begins */
    private StepResult tryRun(
            Step step, List<CompletableFuture<StepResult>> before, Gates first, Gates gates, FixedAddresses fixed) {
        for (var earlier : before) {
            if (!(earlier.join() instanceof StepResult.Done) && !mayHaveFailed(step, earlier.join(), before)) {
                return new StepResult.Skipped(
                        step, "because " + earlier.join().step().id() + " was not done");
            }
        }
        var begin = System.nanoTime();
        try {
            var closed = waitForGates(step, first);
            if (closed.isPresent()) {
                return isSuperseded() ? StepResult.Skipped.brokenOff(step) : new StepResult.Failed(step, closed.get());
            }
            var held = awaitTurn(step, before, first);
            if (held.isPresent()) {
                return held.get();
            }
            if (cancelled.getCount() == 0) {
                return new StepResult.Skipped(step, "because applying was interrupted");
            }
            slots.acquire();
            try {
                listener.started(step);
                perform(step.operation(), gates, fixed);
            } finally {
                slots.release();
            }
            var took = Duration.ofNanos(System.nanoTime() - begin);
            LOG.info("applied step={} took={}ms", step.id(), took.toMillis());
            return new StepResult.Done(step, took);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new StepResult.Skipped(step, "because applying was interrupted");
        } catch (IOException | RuntimeException e) {
            LOG.debug("failed step={}", step.id(), e);
            return new StepResult.Failed(
                    step, Optional.ofNullable(e.getMessage()).orElse(e.toString()));
        }
    }

    /** Compose Specification, services.depends_on: every condition holds, or the service is not started. */
    private Optional<String> waitForGates(Step step, Gates gates) throws IOException, InterruptedException {
        for (var gate : step.gates().entrySet()) {
            var dependency = gate.getValue();
            if (dependency.condition() == Dependency.Condition.STARTED) {
                continue; // the graph's order is enough
            }
            listener.waiting(step, gate.getKey() + " " + dependency.condition().word());
            var why = gates.await(gate.getKey(), dependency.condition(), limits);
            if (why.isPresent()) {
                if (dependency.required() || isSuperseded()) {
                    return Optional.of("dependency failed to start: " + why.get());
                }
                LOG.warn("optional dependency is not there step={} because={}", step.id(), why.get());
            }
        }
        return Optional.empty();
    }

    /** A group of a rollout goes on in spite of others that failed, as far as its file allows. */
    private static boolean mayHaveFailed(Step step, StepResult earlier, List<CompletableFuture<StepResult>> before) {
        return step.turn()
                .filter(turn -> turn.before().contains(earlier.step().id()))
                .filter(turn -> failed(turn, before) <= turn.mayFail())
                .isPresent();
    }

    private static long failed(Turn turn, List<CompletableFuture<StepResult>> before) {
        return earlier(turn, before)
                .filter(result -> !(result instanceof StepResult.Done))
                .count();
    }

    /** What became of the groups before it. */
    private static Stream<StepResult> earlier(Turn turn, List<CompletableFuture<StepResult>> before) {
        return before.stream()
                .map(CompletableFuture::join)
                .filter(result -> turn.before().contains(result.step().id()));
    }

    /** Waits until those before it are well; what becomes of the step when too many of them are not. */
    private Optional<StepResult> awaitTurn(Step step, List<CompletableFuture<StepResult>> before, Gates gates)
            throws IOException, InterruptedException {
        if (step.turn().isEmpty()) {
            return Optional.empty();
        }
        var turn = step.turn().get();
        listener.waiting(step, String.join(", ", turn.well()) + " to be well");
        var unwell = gates.awaitWell(turn.well(), turn.monitor());
        if (isSuperseded()) {
            return Optional.of(StepResult.Skipped.brokenOff(step));
        }
        // One that may fail counts in every group after its own, until it has come round.
        var bad = new TreeSet<>(unwell.keySet());
        for (var result : earlier(turn, before).toList()) {
            var name = result.step().operation().name();
            if (!(result instanceof StepResult.Done)
                    || !turn.well().contains(name) && !gates.isWell(name, turn.monitor())) {
                bad.add(name);
            }
        }
        if (bad.size() > turn.mayFail()) {
            var why = unwell.isEmpty() ? String.join(", ", bad) + " failed" : String.join("; ", unwell.values());
            return Optional.of(new StepResult.Skipped(step, "because " + why));
        }
        if (!turn.delay().isZero() && gates.pause(turn.delay())) {
            return Optional.of(
                    isSuperseded()
                            ? StepResult.Skipped.brokenOff(step)
                            : new StepResult.Skipped(step, "because applying was interrupted"));
        }
        return Optional.empty();
    }

    private boolean isSuperseded() {
        return superseded.getCount() == 0;
    }

    private void perform(Operation operation, Gates gates, FixedAddresses fixed)
            throws IOException, InterruptedException {
        var containers = engine.containers();
        switch (operation) {
            case Operation.PullImage pull -> {
                var progress = listener.pulling(pull.image());
                // What was looked up, and checked, is what is pulled, whatever the tag means by now.
                var image = pull.digest().isPresent()
                        ? engine.pull(pull.image(), pull.digest().get(), progress)
                        : engine.pull(pull.image(), progress);
                pulled.put(pull.image(), image.digest());
            }
            // Whoever carries the plan out has had it built, and has planned again.
            case Operation.BuildImage build -> throw new IOException("the image is not built yet: " + build.why());
            case Operation.CreateNetwork create -> {
                engine.networks().create(create.spec());
                fixed.reserve(engine.networks(), create.name());
            }
            case Operation.UpdateNetwork update -> engine.networks().updateRecord(update.spec());
            case Operation.RepairNetwork repair -> engine.networks().ensure(repair.name());
            case Operation.ReplaceNetwork replace -> replace(replace, fixed);
            case Operation.RemoveNetwork remove -> engine.networks().remove(remove.name());
            case Operation.CreateVolume create -> engine.volumes().create(create.spec());
            case Operation.UpdateVolume update ->
                engine.volumes().update(update.name(), update.owner(), update.labels());
            case Operation.RemoveVolume remove ->
                engine.volumes().remove(remove.name(), () -> engine.uses().requireUnused(remove.name()));
            case Operation.CreateContainer create -> {
                beforeStart.materialise(create.spec());
                beforeStart.install(create.spec());
                var made = containers.create(exact(create.spec()));
                beforeStart.provide(create.spec());
                if (create.started()) {
                    start(made.id());
                }
            }
            case Operation.ReplaceContainer replace when replace.renewVolumes() -> renew(replace);
            case Operation.ReplaceContainer replace
            when replace.startFirst() -> startFirst(replace.id(), exact(replace.spec()), gates);
            case Operation.ReplaceContainer replace -> replace(replace.id(), exact(replace.spec()), replace.started());
            case Operation.UpdateContainer update -> {
                update(update.id(), update.spec());
                // What it has let go of is somebody's, perhaps, who comes later.
                for (var network : fixed.networks()) {
                    fixed.reserve(engine.networks(), network);
                }
            }
            case Operation.StartContainer start -> {
                update(start.id(), start.spec());
                beforeStart.provide(start.spec());
                start(start.id());
            }
            case Operation.RestartContainer restart -> {
                containers.update(restart.id(), restart.spec());
                beforeStart.provide(restart.spec());
                containers.restart(restart.id(), grace);
                health.watch(restart.id());
            }
            case Operation.StopContainer stop -> containers.stop(stop.id(), grace);
            case Operation.RemoveContainer remove -> {
                // One that a crash left half made or half removed has nobody to ask to end.
                if (containers
                        .observe(remove.id())
                        .filter(c -> c.record().phase() == ContainerRecord.Phase.CREATED)
                        .isPresent()) {
                    containers.stop(remove.id(), grace);
                }
                containers.remove(remove.id(), true, remove.anonymousVolumes());
                if (remove.slot().isPresent()) {
                    engine.networks().release(remove.slot().get());
                }
            }
        }
    }

    /** Its containers are put back one by one: what one of them cannot have is no reason to leave the others off. */
    private void replace(Operation.ReplaceNetwork replace, FixedAddresses fixed) throws IOException {
        var containers = engine.containers();
        var ends = replace.ends();
        // Those with fixed addresses first, before others are given them.
        var taken = engine.networks().replace(replace.spec());
        fixed.reserve(engine.networks(), replace.name());
        var off = taken.stream()
                .sorted(Comparator.comparing(
                        id -> !ends.containsKey(id) || ends.get(id).addresses().isEmpty()))
                .toList();
        fixed.reserve(engine.networks(), replace.name());
        var failed = new ArrayList<IOException>();
        for (var id : off) {
            try {
                var observed = containers.observe(id);
                if (observed.isEmpty()) {
                    continue; // It has gone meanwhile.
                }
                var spec = observed.get().record().spec();
                containers.update(
                        id,
                        spec.withNetworks(spec.networks().stream()
                                .map(end -> end.network().equals(replace.name()) ? ends.getOrDefault(id, end) : end)
                                .toList()));
            } catch (IOException e) {
                failed.add(e);
            }
        }
        if (!failed.isEmpty()) {
            var first = failed.removeFirst();
            failed.forEach(first::addSuppressed);
            throw first;
        }
    }

    /** One that stood by gets its name back. */
    private void update(String id, ContainerSpec spec) throws IOException {
        var containers = engine.containers();
        if (containers
                .observe(id)
                .filter(c -> KeptName.has(c.record()) && !c.name().equals(spec.name()))
                .isPresent()) {
            containers.rename(id, spec.name());
        }
        containers.update(id, spec);
    }

    private void start(String id) throws IOException {
        engine.containers().start(id);
        health.watch(id);
    }

    /**
     * Everything that can fail without touching the old container comes first. If the new one does not start, the old
     * one runs again: somebody has to serve until the file is mended.
     */
    private void replace(String oldId, ContainerSpec spec, boolean started) throws IOException {
        var containers = engine.containers();
        var oldRan = containers.observe(oldId).filter(c -> c.isRunning()).isPresent();
        beforeStart.materialise(spec);
        var made = containers.createReplacement(oldId, spec);
        try {
            beforeStart.provide(spec);
            containers.stop(oldId, grace);
            if (kept.isPresent()) {
                kept.get().setAside(oldId);
            }
            beforeStart.install(spec);
            if (started) {
                start(made.id());
            }
        } catch (IOException | RuntimeException e) {
            undo(made, oldId, oldRan, e);
            throw e;
        }
        if (kept.isEmpty()) {
            containers.remove(oldId, true, false);
        }
    }

    /** Only when the new one is well, the old one's ports come to lead to it, and the old one ends. */
    private void startFirst(String oldId, ContainerSpec spec, Gates gates) throws IOException, InterruptedException {
        var containers = engine.containers();
        beforeStart.materialise(spec);
        var made = containers.createReplacement(oldId, spec);
        try {
            beforeStart.provide(spec);
            beforeStart.install(spec);
            containers.startBeside(made.id());
            health.watch(made.id());
            var unwell = gates.awaitWell(made.id());
            if (unwell.isPresent()) {
                throw new IOException(unwell.get() + "; the one before it goes on serving");
            }
            containers.takePorts(oldId, made.id());
        } catch (IOException | RuntimeException | InterruptedException e) {
            undo(made, oldId, false, e);
            throw e;
        }
        containers.stop(oldId, grace);
        if (kept.isPresent()) {
            kept.get().setAside(oldId);
        } else {
            containers.remove(oldId, true, false);
        }
    }

    private void undo(ContainerRecord made, String oldId, boolean oldRan, Exception cause) {
        try {
            engine.containers().remove(made.id(), true, false);
            if (kept.isPresent()) {
                kept.get().putBack(oldId, made.spec().name());
            }
            if (oldRan) {
                start(oldId);
            }
        } catch (IOException | RuntimeException again) {
            cause.addSuppressed(again);
        }
    }

    /** Volumes of a place are found by the place, so the old ones must be gone before there can be new ones. */
    private void renew(Operation.ReplaceContainer replace) throws IOException {
        var containers = engine.containers();
        beforeStart.materialise(replace.spec());
        containers.stop(replace.id(), grace);
        containers.remove(replace.id(), true, true);
        beforeStart.install(replace.spec());
        var made = containers.create(exact(replace.spec()));
        beforeStart.provide(replace.spec());
        if (replace.started()) {
            start(made.id());
        }
    }

    private ContainerSpec exact(ContainerSpec spec) throws IOException {
        var mounts = new ArrayList<MountSpec>();
        for (var mount : spec.mounts()) {
            mounts.add(
                    mount instanceof MountSpec.OfImage image
                            ? image.withDigest(exact(image.image(), image.digest()))
                            : mount);
        }
        return spec.withDigest(exact(spec.image(), spec.digest())).withMounts(mounts);
    }

    private Digest exact(ImageReference reference, Digest planned) throws IOException {
        if (!planned.equals(DesiredContainer.NOT_KNOWN)) {
            return planned;
        }
        var digest = pulled.get(reference);
        if (digest == null) {
            throw new IOException("image " + reference.familiar() + " was not pulled");
        }
        return digest;
    }
}
