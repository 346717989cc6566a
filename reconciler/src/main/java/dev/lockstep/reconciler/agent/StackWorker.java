package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.history.Outcome;
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
import java.util.Set;
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
    static final Duration LOCK_PATIENCE = Duration.ofMinutes(5);
    /** What a run is for that nobody asked for: to see whether the host is still as it should be. */
    static final String DRIFT = "drift";
    /** Why a repository is looked at without anybody who asks for it. */
    private static final Set<String> UNASKED = Set.of("start", "poll");
    /** A file may want its image looked up each nanosecond. */
    private static final Duration SHORTEST_LOOK = Duration.ofSeconds(1);

    /**
     * How a run ended.
     *
     * @param exitCode what a command ends with: 0 converged, 1 error, 3 applied but unhealthy, 4 rolled back, 5 refused
     *     by a guard
     */
    record Run(Outcome outcome, int exitCode) {
        static final Run CONVERGED = new Run(Outcome.CONVERGED, 0);
        static final Run FAILED = new Run(Outcome.FAILED, 1);

        /** Nobody knows yet. */
        static final Run SUPERSEDED = new Run(Outcome.SUPERSEDED, 5);

        static Run wentBack(Outcome outcome) {
            return new Run(outcome, outcome == Outcome.ROLLED_BACK ? 4 : 1);
        }
    }

    private final String stack;
    private final Engine engine;
    private final Supervisor supervisor;
    private final StackRecords records;
    private final Duration driftInterval;
    private final InstantSource clock;
    private final Backoff backoff;
    private final Consumer<String> out;
    private final Supplier<List<StackWorker>> before;
    private final Permission permission;
    private final Reconciliation reconciliation;
    private final Thread thread;

    private final Object monitor = new Object();
    private @Nullable CommitSource wanted;
    /** Why the next run is due at once; empty text: it is not. */
    private String due = "";
    /** When somebody asked last: tags that are to be looked up each time must have been since then. */
    private Instant asked = Instant.MIN;

    private CountDownLatch verifying = new CountDownLatch(1);
    /** What the run that {@link #verifying} belongs to is for; the last one, between two. */
    private Optional<CommitSource> trying = Optional.empty();

    private final List<CompletableFuture<Run>> waiting = new ArrayList<>();
    private boolean closed;

    /** What the last run was for. Used by runs, of which there is one at a time. */
    private Optional<CommitSource> tried = Optional.empty();

    private final Progress progress = new Progress();

    /** @param before the workers of stacks that must be well before this one is changed, asked at each run */
    StackWorker(
            String stack,
            Engine engine,
            Deployment deployment,
            HealthMonitor health,
            Supervisor supervisor,
            StackRecords records,
            KeptRevision.Commits commits,
            Duration driftInterval,
            InstantSource clock,
            Backoff backoff,
            Consumer<String> out,
            Supplier<List<StackWorker>> before,
            Permission permission,
            WantedBuilds wantedBuilds) {
        this.stack = stack;
        this.engine = engine;
        this.supervisor = supervisor;
        this.records = records;
        var fullDisk = new FullDisk(FullDisk.Volumes.of(engine, stack), clock);
        var context = new StackContext(stack, engine, deployment, health, records, clock, out, permission, fullDisk);
        this.reconciliation = new Reconciliation(context, commits, wantedBuilds);
        this.driftInterval = driftInterval;
        this.clock = clock;
        this.backoff = backoff;
        this.out = context.out();
        this.before = before;
        this.permission = permission;
        this.thread = Thread.ofPlatform().name("stack-" + stack).unstarted(this::loop);
    }

    /** Begins to work; without it {@link #runOnce} may be used instead. */
    void start() {
        thread.start();
    }

    /**
     * Tells of a revision. The same revision again is no news, and waits for the next look at the host, unless somebody
     * asked: by a {@code sync}, or with what was decided ({@code resume}, {@code approve}). Where that revision is just
     * being tried, who asked waits for the judgement: begun anew it would only come later, and what the revision took
     * the place of would be gone by then.
     */
    Future<Run> want(CommitSource source, String trigger) {
        synchronized (monitor) {
            var news = wanted == null
                    || !wanted.commit().commit().equals(source.commit().commit());
            wanted = source;
            progress.want(source.commit().commit());
            var answer = new CompletableFuture<Run>();
            waiting.add(answer);
            if (news || trigger.startsWith("sync")) {
                due = trigger;
                asked = clock.instant();
                if (trying.filter(source::isSameAs).isEmpty()) {
                    verifying.countDown();
                }
                monitor.notifyAll();
            } else if (!UNASKED.contains(trigger) && !due.startsWith("sync")) {
                due = trigger;
                monitor.notifyAll();
            }
            return answer;
        }
    }

    /** A person decided something about the stack: look at the newest revision again. Empty while there is none. */
    Optional<Future<Run>> again(String trigger) {
        synchronized (monitor) {
            return Optional.ofNullable(wanted).map(source -> {
                var answer = new CompletableFuture<Run>();
                waiting.add(answer);
                due = trigger;
                monitor.notifyAll();
                return answer;
            });
        }
    }

    /** A build has ended that the stack may wait for. What a person has asked for meanwhile stays what is done next. */
    void built() {
        synchronized (monitor) {
            if (wanted != null && (due.isEmpty() || due.equals(DRIFT))) {
                due = "build";
                monitor.notifyAll();
            }
        }
    }

    /** See {@link Reconciliation#startJob}. */
    Optional<String> startJob(String service) throws IOException, InterruptedException {
        return reconciliation.startJob(service, this::isClosed);
    }

    private boolean isClosed() {
        synchronized (monitor) {
            return closed;
        }
    }

    /** Whether the revision that runs has services that run at times. */
    boolean hasJobs() {
        return reconciliation.hasJobs();
    }

    /** Whether what ends is to be started again. */
    boolean repairs() {
        return permission.repairs();
    }

    /** Something on the host changed: look now. */
    void look() {
        synchronized (monitor) {
            if (due.isEmpty()) {
                due = DRIFT;
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
                    trigger = due.isEmpty() ? DRIFT : due;
                    due = "";
                    verifying = new CountDownLatch(1);
                    trying = Optional.of(source);
                    answers = List.copyOf(waiting);
                    waiting.clear();
                }
                var run = runOnce(source, trigger);
                answer(answers, run);
                pause = run.outcome() == Outcome.FAILED || run.outcome() == Outcome.BLOCKED
                        ? backoff.failed()
                        : backoff.succeeded(driftInterval);
                pause = notAfter(reconciliation.nextLook(), pause);
                tellNextTry(run, pause);
            }
        } catch (InterruptedException e) {
            LOG.debug("worker ended stack={}", stack);
        }
    }

    /** Who waits for a run that was broken off for another one waits for that one. */
    private void answer(List<CompletableFuture<Run>> answers, Run run) {
        synchronized (monitor) {
            if (run.outcome() != Outcome.SUPERSEDED) {
                answers.forEach(a -> a.complete(run));
            } else if (closed) {
                answers.forEach(a -> a.cancel(false));
            } else {
                waiting.addAll(answers);
            }
        }
    }

    private void tellNextTry(Run run, Duration pause) {
        var waits = run.outcome() == Outcome.FAILED || run.outcome() == Outcome.BLOCKED;
        var time = waits
                ? Optional.of(clock.instant().plus(pause))
                : run.outcome() == Outcome.WAITING ? reconciliation.nextLook() : Optional.<Instant>empty();
        try {
            records.nextTry(time);
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            LOG.debug("next try is not written down stack={}", stack, e); // the run has told that already
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
        } catch (IOException | RuntimeException e) {
            return true; // what cannot be read is told when it is to be written
        }
    }

    /** One run; every outcome is in the status and, when something was done, in the history. */
    Run runOnce(CommitSource source, String trigger) throws InterruptedException {
        var run = Run.FAILED;
        try {
            records.hide(source.secrets());
            run = locked(source, trigger);
        } catch (UncheckedIOException e) {
            out.accept("stack " + stack + ": its status cannot be written: " + e.getMessage());
        } catch (RuntimeException | VirtualMachineError e) {
            // While it was told that the run failed, say: the next one is in this thread all the same.
            LOG.warn("run failed stack={} error={}", stack, e.toString());
        } finally {
            // Whatever happens: others wait for it. What was broken off is run again, or never by this agent.
            if (run.outcome() != Outcome.SUPERSEDED) {
                progress.settle(source.commit().commit(), run.outcome().isGood());
            }
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
        } catch (IOException | RuntimeException | VirtualMachineError e) {
            // Also when there was no memory for what who can push had it read: else nobody looks after the stack any
            // more.
            LOG.debug("run failed stack={}", stack, e);
            var why = e instanceof VirtualMachineError
                    ? "there is not enough memory for what its files ask for: " + e
                    : Optional.ofNullable(e.getMessage()).orElse(e.toString());
            out.accept("stack " + stack + ": " + why);
            records.failed(source, Outcome.FAILED, List.of(StackRecords.problem(why)));
            return Run.FAILED;
        }
    }

    private Run run(CommitSource source, String trigger) throws IOException, InterruptedException {
        Instant since;
        CountDownLatch superseded;
        synchronized (monitor) {
            since = Once.isWhy(trigger) ? Instant.MAX : asked;
            superseded = verifying;
        }
        if (tried.filter(source::isSameAs).isEmpty()) {
            // What it changes may be what was wrong, also where the container stays the one that failed.
            supervisor.forgive(stack);
            tried = Optional.of(source);
        }
        var options = PlanOptions.followed(supervisor.leftAlone(), since);
        var blocked = blocked(source);
        if (blocked.isPresent()) {
            reconciliation.keep(source, options, superseded);
            return blocked.get();
        }
        return reconciliation.run(source, trigger, options, superseded);
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

    /** Whether nothing is under way any more, after {@link #close}. */
    boolean isOver() {
        return !thread.isAlive();
    }

    void join() throws InterruptedException {
        thread.join();
    }
}
