package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackImages;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.HealthMonitor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one stack at the newest revision it was told of. One run at a time; what arrives during a run replaces what
 * arrived before it and is looked at next. A newer revision cuts short the wait for an older one's health, never a
 * change that is being made.
 */
final class StackWorker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StackWorker.class);
    private static final Duration LOCK_PATIENCE = Duration.ofMinutes(5);
    /** A file may want its image looked up each nanosecond. */
    private static final Duration SHORTEST_LOOK = Duration.ofSeconds(1);

    /**
     * How a run ended.
     *
     * @param exitCode what a command ends with: 0 converged, 1 error, 3 applied but unhealthy, 5 refused by a guard
     */
    record Run(Outcome outcome, int exitCode) {
        static final Run CONVERGED = new Run(Outcome.CONVERGED, 0);
        static final Run FAILED = new Run(Outcome.FAILED, 1);
    }

    private final String stack;
    private final Engine engine;
    private final Deployment deployment;
    private final HealthMonitor health;
    private final Supervisor supervisor;
    private final StackRecords records;
    private final Duration driftInterval;
    private final InstantSource clock;
    private final Backoff backoff;
    private final Consumer<String> out;
    private final Supplier<List<StackWorker>> before;
    private final Thread thread;

    private final Object monitor = new Object();
    private @Nullable CommitSource wanted;
    /** Why the next run is due at once; empty text: it is not. */
    private String due = "";
    /** When somebody asked last: tags that are to be looked up each time must have been since then. */
    private Instant asked = Instant.MIN;

    private CountDownLatch verifying = new CountDownLatch(1);
    private final List<CompletableFuture<Run>> waiting = new ArrayList<>();
    private boolean closed;

    private final Applied applied;
    /** The newest revision that this worker has applied. */
    private Optional<CommitSource> last = Optional.empty();
    /** When there is reason to look at the images again; only the worker's thread uses it. */
    private Optional<Instant> nextLook = Optional.empty();

    /** Finds the revision that was applied last, by this agent or one before it. */
    @FunctionalInterface
    interface Applied {
        Optional<CommitSource> find() throws IOException;
    }

    private final Progress progress = new Progress();

    /** @param before the workers of stacks that must be well before this one is changed, asked at each run */
    StackWorker(
            String stack,
            Engine engine,
            Deployment deployment,
            HealthMonitor health,
            Supervisor supervisor,
            StackRecords records,
            Applied applied,
            Duration driftInterval,
            InstantSource clock,
            Backoff backoff,
            Consumer<String> out,
            Supplier<List<StackWorker>> before) {
        this.stack = stack;
        this.engine = engine;
        this.deployment = deployment;
        this.health = health;
        this.supervisor = supervisor;
        this.records = records;
        this.applied = applied;
        this.driftInterval = driftInterval;
        this.clock = clock;
        this.backoff = backoff;
        this.out = out;
        this.before = before;
        this.thread = Thread.ofPlatform().name("stack-" + stack).unstarted(this::loop);
    }

    /** Begins to work; without it {@link #runOnce} may be used instead. */
    void start() {
        thread.start();
    }

    /** Tells of a revision. The same revision again is no news unless {@code trigger} is {@code sync}. */
    Future<Run> want(CommitSource source, String trigger) {
        synchronized (monitor) {
            var news = wanted == null
                    || !wanted.commit().commit().equals(source.commit().commit());
            wanted = source;
            progress.want(source.commit().commit());
            var answer = new CompletableFuture<Run>();
            waiting.add(answer);
            if (news || trigger.equals("sync")) {
                due = trigger;
                asked = clock.instant();
                verifying.countDown();
                monitor.notifyAll();
            }
            return answer;
        }
    }

    /** Something on the host changed: look now. */
    void look() {
        synchronized (monitor) {
            if (due.isEmpty()) {
                due = "drift";
                monitor.notifyAll();
            }
        }
    }

    private void loop() {
        var pause = Duration.ZERO;
        try {
            while (true) {
                CommitSource source;
                synchronized (monitor) {
                    var end = System.nanoTime() + pause.toNanos();
                    while (!closed && due.isEmpty() && (wanted == null || System.nanoTime() - end < 0)) {
                        monitor.wait(Math.max(1, wanted == null ? 0 : (end - System.nanoTime()) / 1_000_000));
                    }
                    if (closed || wanted == null) {
                        return;
                    }
                    source = wanted;
                }
                awaitThoseBefore(source);
                String trigger;
                List<CompletableFuture<Run>> answers;
                synchronized (monitor) {
                    if (closed || wanted == null) {
                        return;
                    }
                    source = wanted; // a newer one may have come meanwhile
                    trigger = due.isEmpty() ? "drift" : due;
                    due = "";
                    verifying = new CountDownLatch(1);
                    answers = List.copyOf(waiting);
                    waiting.clear();
                }
                var run = runOnce(source, trigger);
                answers.forEach(a -> a.complete(run));
                pause = run.outcome() == Outcome.FAILED || run.outcome() == Outcome.BLOCKED
                        ? backoff.failed()
                        : backoff.succeeded(driftInterval);
                pause = notAfter(nextLook, pause);
            }
        } catch (InterruptedException e) {
            LOG.debug("worker ended stack={}", stack);
        }
    }

    /** An image is looked up when it is due, whenever the host is compared next; no registry is asked all the time. */
    private Duration notAfter(Optional<Instant> time, Duration pause) {
        var until = time.map(t -> Duration.between(clock.instant(), t)).orElse(pause);
        var wait = until.compareTo(SHORTEST_LOOK) < 0 ? SHORTEST_LOOK : until;
        return wait.compareTo(pause) < 0 ? wait : pause;
    }

    /** A change waits for the stacks before it; what runs is kept in order without asking them. */
    private void awaitThoseBefore(CommitSource source) throws InterruptedException {
        if (isChange(source)) {
            for (var other : before.get()) {
                other.progress.await(source.commit().commit());
            }
        }
    }

    private boolean isChange(CommitSource source) {
        try {
            return !records.applied().equals(Optional.of(source.commit().commit()));
        } catch (IOException e) {
            return true; // what cannot be read is told when it is to be written
        }
    }

    /** One run; every outcome is in the status and, when something was done, in the history. */
    Run runOnce(CommitSource source, String trigger) throws InterruptedException {
        var run = Run.FAILED;
        try {
            run = locked(source, trigger);
        } catch (UncheckedIOException e) {
            out.accept("stack " + stack + ": its status cannot be written: " + e.getMessage());
        } finally {
            // Whatever happens: others wait for it.
            progress.settle(source.commit().commit(), run.outcome().isGood());
        }
        return run;
    }

    private Optional<Run> blocked(CommitSource source) {
        if (!isChange(source)) {
            return Optional.empty();
        }
        var blocking = before.get().stream()
                .filter(other -> !other.progress.isWell(source.commit().commit()))
                .map(other -> other.stack)
                .toList();
        if (blocking.isEmpty()) {
            return Optional.empty();
        }
        var why = "comes after " + String.join(", ", blocking) + ", which " + (blocking.size() == 1 ? "is" : "are")
                + " not well at this commit";
        if (records.failed(source, Outcome.BLOCKED, List.of(StackRecords.problem(why)))) {
            out.accept("stack " + stack + " " + why + "; it stays as it is");
        }
        return Optional.of(new Run(Outcome.BLOCKED, 5));
    }

    private Run locked(CommitSource source, String trigger) throws InterruptedException {
        try (var _ = StackLock.take(
                engine.root(),
                stack,
                LOCK_PATIENCE,
                who -> out.accept("stack " + stack + " is being changed by " + who + "; waiting"))) {
            return run(source, trigger);
        } catch (IOException | RuntimeException e) {
            LOG.debug("run failed stack={}", stack, e);
            var why = Optional.ofNullable(e.getMessage()).orElse(e.toString());
            out.accept("stack " + stack + ": " + why);
            records.failed(source, Outcome.FAILED, List.of(StackRecords.problem(why)));
            return Run.FAILED;
        }
    }

    private Run run(CommitSource source, String trigger) throws IOException, InterruptedException {
        Instant since;
        synchronized (monitor) {
            since = trigger.equals("command") ? Instant.MAX : asked;
        }
        nextLook = Optional.empty();
        var options = PlanOptions.followed(supervisor.leftAlone(), since);
        var blocked = blocked(source);
        if (blocked.isPresent()) {
            keepApplied(source, options);
            return blocked.get();
        }
        return switch (deployment.plan(source, options)) {
            case Planned.Invalid invalid -> {
                var problems =
                        invalid.errors().stream().map(StackRecords::problem).toList();
                if (records.failed(source, Outcome.REFUSED, problems)) {
                    out.accept("stack " + stack + " at " + source.revision().orElse("") + " is refused:");
                    invalid.errors().forEach(e -> out.accept("  " + e));
                }
                keepApplied(source, options);
                yield new Run(Outcome.REFUSED, 1);
            }
            case Planned.Ready ready -> {
                nextLook = ready.images().nextLook();
                yield apply(source, trigger, ready, options);
            }
        };
    }

    private Run apply(CommitSource source, String trigger, Planned.Ready ready, PlanOptions options)
            throws IOException, InterruptedException {
        var plan = ready.plan();
        if (!plan.problems().isEmpty() || !plan.refusals().isEmpty()) {
            var problems = new ArrayList<>(
                    plan.problems().stream().map(StackRecords::problem).toList());
            plan.refusals().forEach(r -> problems.add(StackRecords.problem(r)));
            var outcome = plan.refusals().isEmpty() ? Outcome.FAILED : Outcome.REFUSED;
            if (records.failed(source, outcome, problems)) {
                out.accept(new PlanText(false).print(plan));
            }
            keepApplied(source, options);
            return outcome == Outcome.REFUSED ? new Run(outcome, 5) : Run.FAILED;
        }
        var before = records.applied();
        new StackImages(engine.images().roots(), stack).want(ready.desired());
        if (!plan.isEmpty()) {
            out.accept(new PlanText(false).print(plan));
            var began = System.nanoTime();
            var results = new Applier(engine, health, ready.beforeStart(), listener()).apply(plan);
            var failures = failures(results);
            var took = Duration.ofNanos(System.nanoTime() - began);
            if (!failures.isEmpty()) {
                failures.forEach(f -> out.accept("stack " + stack + ": " + f));
                records.ran(source, trigger, Outcome.FAILED, plan, String.join("; ", failures), took);
                records.failed(
                        source,
                        Outcome.FAILED,
                        failures.stream().map(StackRecords::problem).toList());
                if (changedNothing(results)) {
                    keepApplied(source, options);
                }
                return Run.FAILED;
            }
            var drift = before.equals(Optional.of(source.commit().commit()));
            records.ran(source, trigger, drift ? Outcome.DRIFT_CORRECTED : Outcome.CONVERGED, plan, "", took);
            out.accept(
                    "stack " + stack + " is at " + source.revision().orElse("") + " after " + took.toMillis() + " ms");
        }
        source.tree().pin(stack);
        last = Optional.of(source);
        return verify(source, ready);
    }

    /** The health gate: only a revision that passes it is well. */
    private Run verify(CommitSource source, Planned.Ready ready) throws IOException, InterruptedException {
        var services = ready.desired().services().stream().map(s -> s.name()).toList();
        CountDownLatch cancelled;
        synchronized (monitor) {
            cancelled = verifying;
        }
        var gates = new Gates(engine.containers(), health, stack, cancelled);
        records.verifying(source);
        var why = gates.awaitHealthy(services, Optional.empty());
        if (why.isEmpty()) {
            var notes =
                    ready.images().notes().stream().map(StackRecords::problem).toList();
            if (records.good(source, notes)) {
                ready.images().notes().forEach(note -> out.accept("stack " + stack + ": " + note));
            }
            new StackImages(engine.images().roots(), stack)
                    .applied(engine.containers().observe());
            return Run.CONVERGED;
        }
        if (cancelled.getCount() == 0) {
            return Run.CONVERGED; // a newer revision is waiting; it will be judged instead
        }
        if (records.failed(source, Outcome.UNHEALTHY, List.of(StackRecords.problem(why.get())))) {
            out.accept("stack " + stack + " is unhealthy: " + why.get());
        }
        return new Run(Outcome.UNHEALTHY, 3);
    }

    /**
     * While a revision is refused, the one before it is kept in order. A refused one that ran before it was refused (a
     * port was taken meanwhile) is no more to be had than the others.
     */
    private void keepApplied(CommitSource refused, PlanOptions options) throws IOException {
        if (last.isEmpty()) {
            last = applied.find();
        }
        if (last.isEmpty()
                || last.get().commit().commit().equals(refused.commit().commit())) {
            return;
        }
        if (deployment.plan(last.get(), options) instanceof Planned.Ready ready
                && ready.plan().problems().isEmpty()
                && ready.plan().refusals().isEmpty()
                && !ready.plan().isEmpty()) {
            out.accept(new PlanText(false).print(ready.plan()));
            var results = new Applier(engine, health, ready.beforeStart(), listener()).apply(ready.plan());
            failures(results).forEach(f -> out.accept("stack " + stack + ": " + f));
        }
    }

    /** Images are pulled before anything else is touched; a plan that failed there has left the host as it was. */
    private static boolean changedNothing(List<StepResult> results) {
        return results.stream()
                .filter(r -> !(r.step().operation() instanceof Operation.PullImage))
                .allMatch(StepResult.Skipped.class::isInstance);
    }

    private ApplyListener listener() {
        return new ApplyListener() {
            @Override
            public void finished(StepResult result) {
                switch (result) {
                    case StepResult.Done _ -> {
                        // the applier has logged it
                    }
                    case StepResult.Failed(var step, var why) ->
                        LOG.warn("failed stack={} step={} because={}", stack, step.id(), why);
                    case StepResult.Skipped(var step, var why) ->
                        LOG.info("skipped stack={} step={} {}", stack, step.id(), why);
                }
            }
        };
    }

    private static List<String> failures(List<StepResult> results) {
        return results.stream()
                .filter(StepResult.Failed.class::isInstance)
                .map(r -> r.step().operation().name() + ": " + ((StepResult.Failed) r).why())
                .toList();
    }

    /** Ends after the run that is under way. */
    @Override
    public void close() {
        progress.close();
        synchronized (monitor) {
            closed = true;
            verifying.countDown();
            waiting.forEach(a -> a.cancel(false));
            monitor.notifyAll();
        }
    }

    void join() throws InterruptedException {
        thread.join();
    }
}
