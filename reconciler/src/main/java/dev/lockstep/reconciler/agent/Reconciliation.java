package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.agent.StackWorker.Run;
import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.apply.KeptContainers;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.HostState;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackImages;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.JobLabel;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.model.UpdateConfig.FailureAction;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one stack to a revision: plans, asks whether that may be done, does it, and judges what came of it; goes back
 * to the last revision that was well where it came to nothing. Used by the stack's worker, one run at a time.
 */
final class Reconciliation {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciliation.class);
    /** What a person wrote behind {@code sync} to have a revision tried again that was left. */
    private static final String RETRY = "--retry";

    private final String stack;
    private final Engine engine;
    private final Deployment deployment;
    private final HealthMonitor health;
    private final StackRecords records;
    private final Applied applied;
    private final InstantSource clock;
    private final Consumer<String> out;
    private final Permission permission;
    private final WantedBuilds wantedBuilds;

    /** Whether the revision that runs has services that run at times. */
    private volatile boolean jobs;
    /** The newest revision that was applied here. */
    private Optional<CommitSource> last = Optional.empty();
    /** When there is reason to look at the images again, or at the stack. */
    private Optional<Instant> nextLook = Optional.empty();
    /** The last run, if it found nothing to do. */
    private Optional<Settled> settled = Optional.empty();
    /** Of the run that is under way. */
    private CountDownLatch superseded = new CountDownLatch(1);

    /** Finds the revision that was applied last, by this agent or one before it. */
    @FunctionalInterface
    interface Applied {
        Optional<CommitSource> find() throws IOException;
    }

    Reconciliation(
            String stack,
            Engine engine,
            Deployment deployment,
            HealthMonitor health,
            StackRecords records,
            Applied applied,
            InstantSource clock,
            Consumer<String> out,
            Permission permission,
            WantedBuilds wantedBuilds) {
        this.stack = stack;
        this.engine = engine;
        this.deployment = deployment;
        this.health = health;
        this.records = records;
        this.applied = applied;
        this.clock = clock;
        this.out = out;
        this.permission = permission;
        this.wantedBuilds = wantedBuilds;
    }

    /** When the last run found reason to look again before the usual time; empty when it did not. */
    Optional<Instant> nextLook() {
        return nextLook;
    }

    /**
     * The time of a service has come: its container is made anew from the revision that runs, and started.
     *
     * @return why it was not; empty when it was
     */
    Optional<String> startJob(String service) throws IOException, InterruptedException {
        try (var _ = StackLock.take(engine.root(), stack, StackWorker.LOCK_PATIENCE, _ -> {})) {
            var source = applied.find();
            if (source.isEmpty()) {
                return Optional.of("no revision of the stack has been applied yet");
            }
            var options = PlanOptions.followed(Set.of(), Instant.MIN);
            if (!(deployment.plan(source.get(), options) instanceof Planned.Ready all)) {
                return Optional.of("the revision that runs cannot be planned any more");
            }
            var others = all.desired().services().stream()
                    .map(DesiredService::name)
                    .filter(name -> !name.equals(service))
                    .collect(Collectors.toSet());
            if (!(deployment.plan(source.get(), options.forJob(service, others)) instanceof Planned.Ready ready)) {
                return Optional.of("the revision that runs cannot be planned any more");
            }
            var refusals = Stream.concat(
                            ready.plan().problems().stream().map(Problem::toString), ready.plan().refusals().stream())
                    .toList();
            if (!refusals.isEmpty()) {
                return Optional.of(String.join("; ", refusals));
            }
            var failures = failures(new Applier(engine, health, ready.beforeStart(), listener()).apply(ready.plan()));
            return failures.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", failures));
        }
    }

    /** Whether the revision that runs has services that run at times. */
    boolean hasJobs() {
        return jobs;
    }

    private static boolean hasJobs(Planned.Ready ready) {
        return ready.desired().services().stream()
                .flatMap(service -> service.slots().stream())
                .anyMatch(slot -> JobLabel.isJob(slot.spec().labels()));
    }

    /**
     * Brings the stack to a revision, or says why it stays as it is. Whoever asks holds the stack's lock.
     *
     * @param trigger why: {@code poll}, {@code drift}, {@code sync} with what is written behind it, …
     * @param superseded open as long as no newer revision waits
     */
    Run run(CommitSource source, String trigger, PlanOptions options, CountDownLatch superseded)
            throws IOException, InterruptedException {
        this.superseded = superseded;
        nextLook = Optional.empty();
        if (trigger.equals(StackWorker.DRIFT) && isSettled(source, options)) {
            nextLook = settled.flatMap(Settled::nextLook);
            LOG.debug("host is as it was stack={}", stack);
            var _ = records.good(source, List.of()); // shows that somebody looks
            return Run.CONVERGED;
        }
        settled = Optional.empty();
        var kept = kept(); // before the plan, which must not be newer than what it is remembered by
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
                if (isWaiting(ready)) {
                    yield await(source, trigger, ready, options);
                }
                var run = apply(source, trigger, ready, options);
                if (run.equals(Run.CONVERGED)
                        && !isSuperseded()
                        && ready.plan().isEmpty()
                        && ready.images().notes().isEmpty()) {
                    settled = kept.map(with -> new Settled(
                            source, options, new HostState(ready.observed(), with), nextLook, clock.instant()));
                }
                yield run;
            }
        };
    }

    /** Whether nothing keeps the plan from being applied but builds that are still to come. */
    private static boolean isWaiting(Planned.Ready ready) {
        return !ready.images().waits().isEmpty()
                && ready.plan().refusals().isEmpty()
                && ready.images().waits().containsAll(ready.plan().problems());
    }

    /** Has built what nobody has ordered yet, and leaves the stack as it is until that is done. */
    private Run await(CommitSource source, String trigger, Planned.Ready ready, PlanOptions options)
            throws IOException, InterruptedException {
        var waiting = ready;
        var unmet = List.<StackStatus.Problem>of();
        if (!ready.images().wanted().isEmpty()) {
            var refused = order(source, ready.images().wanted());
            unmet = refused.entrySet().stream()
                    .map(entry -> StackRecords.problem(entry.getKey().familiar() + " " + entry.getValue()))
                    .toList();
            // Now they are known by their numbers; a build that is quick may even be over.
            if (refused.size() < ready.images().wanted().size()
                    && deployment.plan(source, options) instanceof Planned.Ready again) {
                nextLook = again.images().nextLook();
                if (!isWaiting(again)) {
                    return apply(source, trigger, again, options);
                }
                waiting = again;
            }
        }
        var suspended = permission.suspended(waiting.plan());
        if (suspended.isPresent()) {
            return stay(source, trigger, waiting, suspended.get(), options);
        }
        var why = new ArrayList<>(
                waiting.images().waits().stream().map(StackRecords::problem).toList());
        why.addAll(unmet);
        if (records.failed(source, Outcome.WAITING, why)) {
            out.accept("stack " + stack + " at " + source.revision().orElse("") + " stays as it is:");
            why.forEach(problem -> out.accept("  " + problem.asText()));
        }
        keepApplied(source, options);
        return new Run(Outcome.WAITING, 5);
    }

    /** A remote that is away keeps nothing from being built later, and nobody from keeping what runs. */
    private Map<ImageReference, String> order(CommitSource source, Set<ImageReference> wanted) {
        try {
            return wantedBuilds.order(source, wanted);
        } catch (IOException e) {
            LOG.debug("builds are not ordered stack={}", stack, e);
            var why = "is not ordered to be built now: "
                    + Optional.ofNullable(e.getMessage()).orElse(e.toString());
            return wanted.stream().collect(Collectors.toMap(Function.identity(), _ -> why));
        }
    }

    /** Whether a plan would be what it was last time: nothing to do for a stack that is well. */
    private boolean isSettled(CommitSource source, PlanOptions options) throws IOException {
        if (settled.filter(s -> s.answers(source, options, clock.instant())).isEmpty()
                || permission.isSuspended()
                || records.revisions().failed().isPresent()) {
            return false;
        }
        var kept = kept();
        return kept.isPresent() && settled.get().host().equals(new HostState(Deployment.observe(engine), kept.get()));
    }

    /** Empty where something of it cannot be read: what that means for the stack, a plan finds out. */
    private Optional<HostState.Kept> kept() {
        try {
            return Optional.of(deployment.kept(stack));
        } catch (IOException e) {
            LOG.debug("not known what the host keeps stack={}", stack, e);
            return Optional.empty();
        }
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
        var suspended = permission.suspended(plan);
        if (suspended.isPresent()) {
            return stay(source, trigger, ready, suspended.get(), options);
        }
        var revisions = records.revisions();
        var wantedNow =
                StackRecords.revision(source, ready.desired(), ready.observed().containers());
        var failed = revisions.failed().filter(f -> f.revision().isSameAs(wantedNow));
        if (failed.isPresent() && trigger.contains(RETRY)) {
            revisions.forgive();
        } else if (failed.isPresent()) {
            return new Return(source, ready, options).stay(failed.get());
        }
        var before = records.applied();
        return switch (permission.of(source, trigger, ready, before)) {
            case Permission.Answer.Stay stay -> stay(source, trigger, ready, stay, options);
            case Permission.Answer.Go go -> go(source, trigger, ready, go, before, options);
        };
    }

    /** Nothing of the plan may be done now. */
    private Run stay(
            CommitSource source, String trigger, Planned.Ready ready, Permission.Answer.Stay stay, PlanOptions options)
            throws IOException {
        var why = stay.why().stream().map(StackStatus.Problem::message).collect(Collectors.joining("; "));
        if (records.failed(source, stay.outcome(), stay.why())) {
            out.accept(new PlanText(false).print(ready.plan()));
            out.accept("stack " + stack + " stays as it is: " + why);
            records.ran(source, trigger, stay.outcome(), ready.plan(), why, Duration.ZERO);
        }
        if (stay.keeps()) {
            keepApplied(source, options);
        }
        nextLook = stay.until();
        return new Run(stay.outcome(), 5);
    }

    private Run go(
            CommitSource source,
            String trigger,
            Planned.Ready ready,
            Permission.Answer.Go go,
            Optional<String> before,
            PlanOptions options)
            throws IOException, InterruptedException {
        var plan = go.plan();
        var revisions = records.revisions();
        var ran = revisions.good();
        if (ran.isEmpty()) {
            ran = StackRevision.running(ready.desired().owner(), Deployment.observe(engine));
        }
        var back = new Return(source, ready, options);
        var kept = new KeptContainers(engine.containers());
        new StackImages(engine.images().roots(), stack).want(ready.desired());
        if (!plan.isEmpty()) {
            out.accept(new PlanText(false).print(source.lines().explain(plan)));
            var began = System.nanoTime();
            var results = new Applier(engine, health, ready.beforeStart(), listener(), kept).apply(plan);
            var failures = failures(results);
            var took = Duration.ofNanos(System.nanoTime() - began);
            if (!failures.isEmpty()) {
                var why = String.join("; ", failures);
                failures.forEach(f -> out.accept("stack " + stack + ": " + f));
                records.ran(
                        source,
                        trigger,
                        Outcome.FAILED,
                        plan,
                        results,
                        engine.containers().observe(),
                        go.note(),
                        why,
                        took);
                if (StepResult.changedNothing(results)) {
                    failed(source, Outcome.FAILED, failures);
                    keepApplied(source, options);
                    return Run.FAILED;
                }
                return back.from(why, StepResult.failedServices(results), ran).orElseGet(() -> {
                    failed(source, Outcome.FAILED, failures);
                    return Run.FAILED;
                });
            }
            var drift = before.equals(Optional.of(source.commit().commit()));
            records.ran(
                    source,
                    trigger,
                    drift ? Outcome.DRIFT_CORRECTED : Outcome.CONVERGED,
                    plan,
                    results,
                    engine.containers().observe(),
                    go.note(),
                    "",
                    took);
            out.accept(
                    "stack " + stack + " is at " + source.revision().orElse("") + " after " + took.toMillis() + " ms");
        } else if (!before.equals(Optional.of(source.commit().commit()))) {
            // A revision that changes nothing here is one all the same.
            records.ran(
                    source,
                    trigger,
                    Outcome.CONVERGED,
                    plan,
                    List.of(),
                    engine.containers().observe(),
                    go.note(),
                    "",
                    Duration.ZERO);
        }
        if (revisions.good().isEmpty()) {
            pin(source); // there is nothing better to keep in order
        }
        jobs = hasJobs(ready);
        if (!go.left().isEmpty()) {
            kept.letGo();
            if (records.failed(source, go.leftAs(), go.left())) {
                go.left().forEach(problem -> out.accept("stack " + stack + ": " + problem.asText()));
            }
            return new Run(go.leftAs(), go.leftAs() == Outcome.DRIFTED ? 3 : 5);
        }
        permission.settled();
        if (isLeftDown(ready.plan(), plan)) {
            kept.letGo();
            records.good(source, List.of());
            return Run.CONVERGED; // whoever wants no word of what does not run wants none of its health either
        }
        var unchanged =
                plan.isEmpty() ? Optional.of(ready.observed().containers()) : Optional.<List<ObservedContainer>>empty();
        return verify(source, ready, unchanged, back, ran, kept);
    }

    private void pin(CommitSource source) throws IOException {
        source.tree().pin(stack);
        last = Optional.of(source);
    }

    private void failed(CommitSource source, Outcome outcome, List<String> why) {
        records.failed(source, outcome, why.stream().map(StackRecords::problem).toList());
    }

    private StackRevision revision(CommitSource source, Planned.Ready ready) throws IOException {
        return StackRecords.revision(
                source, ready.desired(), engine.containers().observe());
    }

    /** Whether the stack's own word leaves something undone that is more than a field of what runs. */
    private static boolean isLeftDown(Plan whole, Plan done) {
        var steps = done.steps().stream().map(Step::id).collect(Collectors.toSet());
        return whole.steps().stream()
                .filter(step -> !steps.contains(step.id()))
                .anyMatch(step -> Operation.startsContainer(step.operation()));
    }

    /**
     * The health gate: only a revision that passes it is well.
     *
     * @param seen containers of this host, if nothing has been done since somebody looked
     */
    private Run verify(
            CommitSource source,
            Planned.Ready ready,
            Optional<List<ObservedContainer>> seen,
            Return back,
            Optional<StackRevision> ran,
            KeptContainers kept)
            throws IOException, InterruptedException {
        records.verifying(source);
        var services = ready.desired().services();
        var unwell = seen.isPresent()
                ? gates().awaitWell(services, seen.get())
                : gates().awaitWell(services, Optional.<Duration>empty());
        if (unwell.isEmpty()) {
            kept.letGo();
            pin(source);
            var containers = seen.isPresent() ? seen.get() : engine.containers().observe();
            records.revisions().good(StackRecords.revision(source, ready.desired(), containers), clock.instant());
            var notes =
                    ready.images().notes().stream().map(StackRecords::problem).toList();
            if (records.good(source, notes)) {
                ready.images().notes().forEach(note -> out.accept("stack " + stack + ": " + note));
            }
            new StackImages(engine.images().roots(), stack).applied(containers);
            return Run.CONVERGED;
        }
        if (isSuperseded()) {
            return Run.CONVERGED; // a newer revision is waiting; it will be judged instead
        }
        var why = unwell.get().why();
        var gone = back.from(why, unwell.get().services(), ran);
        if (gone.isPresent()) {
            return gone.get();
        }
        kept.letGo();
        if (records.failed(source, Outcome.UNHEALTHY, List.of(StackRecords.problem(why)))) {
            out.accept("stack " + stack + " is unhealthy: " + why);
        }
        return new Run(Outcome.UNHEALTHY, 3);
    }

    private Gates gates() throws IOException {
        return new Gates(engine.containers(), health, stack, superseded);
    }

    private boolean isSuperseded() {
        return superseded.getCount() == 0;
    }

    /**
     * The way back from a revision that did not become well: once, to the last one that was, the stack as a whole. What
     * failed is written down before anything is changed, so that whoever is killed on the way goes on going back.
     */
    private final class Return {
        private final CommitSource source;
        private final Planned.Ready tried;
        private final PlanOptions options;

        Return(CommitSource source, Planned.Ready tried, PlanOptions options) {
            this.source = source;
            this.tried = tried;
            this.options = options;
        }

        /**
         * Goes back, unless there is nothing to go back to or the files of the services that failed say otherwise.
         *
         * @param services that failed
         * @param good what to go back to
         */
        Optional<Run> from(String why, Set<String> services, Optional<StackRevision> good)
                throws IOException, InterruptedException {
            // Planned anew, it has the digests that only its pulls could tell.
            var now = deployment.plan(source, options) instanceof Planned.Ready ready ? ready : tried;
            var left = revision(source, now);
            if (good.isEmpty() || good.get().isSameAs(left)) {
                return Optional.empty();
            }
            var wishes = tried.desired().services().stream()
                    .filter(service -> services.contains(service.name()))
                    .flatMap(service -> service.update().onFailure().stream())
                    .toList();
            if (wishes.contains(FailureAction.CONTINUE)) {
                return Optional.empty();
            }
            var revisions = records.revisions();
            if (revisions.good().isEmpty()) {
                revisions.good(good.get(), clock.instant());
            }
            var failed = new RevisionFiles.Failed(left, why, clock.instant(), wishes.contains(FailureAction.PAUSE));
            revisions.failed(failed);
            if (failed.paused()) {
                return Optional.of(stay(failed));
            }
            out.accept("stack " + stack + ": " + source.revision().orElse("") + " is not well: " + why
                    + "; going back to " + good.get().title());
            return Optional.of(to(good.get(), failed, true));
        }

        /** The revision was tried before: what the stack went back to is kept in order. */
        Run stay(RevisionFiles.Failed failed) throws IOException, InterruptedException {
            var good = records.revisions().good();
            if (failed.paused() || good.isEmpty()) {
                var problems = List.of(
                        StackRecords.problem(failed.why()),
                        StackRecords.problem("failure_action: pause leaves the stack as it is; it is not tried again"
                                + " until it changes, or 'lockstep sync --retry' asks for it"));
                if (records.failed(source, Outcome.UNHEALTHY, problems)) {
                    out.accept("stack " + stack + " is paused: " + failed.why());
                }
                return new Run(Outcome.UNHEALTHY, 3);
            }
            return to(good.get(), failed, false);
        }

        private Run to(StackRevision good, RevisionFiles.Failed failed, boolean now)
                throws IOException, InterruptedException {
            var trouble = carry(good, now ? "rollback" : StackWorker.DRIFT, now);
            if (trouble.isPresent() && isSuperseded()) {
                return Run.wentBack(Outcome.ROLLED_BACK); // a newer revision is waiting
            }
            var outcome = trouble.isPresent() ? Outcome.DEGRADED : Outcome.ROLLED_BACK;
            var problems = new ArrayList<StackStatus.Problem>();
            problems.add(StackRecords.problem(failed.why()));
            problems.add(StackRecords.problem((trouble.isPresent() ? "going back to " : "went back to ")
                    + good.title()
                    + trouble.map(why -> " failed: " + why + "; the stack needs somebody to look at it")
                            .orElse("; the revision is not tried again until it changes, or 'lockstep sync --retry'"
                                    + " asks for it")));
            if (records.wentBack(source, good, outcome, problems)) {
                out.accept("stack " + stack
                        + (trouble.isPresent()
                                ? " IS DEGRADED: going back to " + good.title() + " failed: " + trouble.get()
                                : " is back at " + good.title()));
            }
            return Run.wentBack(outcome);
        }

        /** Makes the host what the revision was; says why that is not so. */
        private Optional<String> carry(StackRevision good, String trigger, boolean first)
                throws IOException, InterruptedException {
            var back = deployment.planBack(good, source, options);
            var obstacles = new ArrayList<>(back.plan().refusals());
            back.plan().problems().forEach(problem -> obstacles.add(problem.message()));
            if (!obstacles.isEmpty()) {
                return Optional.of(String.join("; ", obstacles));
            }
            var plan = first ? back.plan() : permission.keptAt(tried.project(), back.plan());
            if (!plan.isEmpty()) {
                var began = System.nanoTime();
                // Without causes: values of the time before are nobody's to read any more.
                new PlanText(false).operations(plan).forEach(line -> out.accept("  " + line));
                var results = new Applier(engine, health, filesOf(good, options), listener()).apply(plan);
                var failures = failures(results);
                records.ran(
                        source,
                        trigger,
                        failures.isEmpty() ? first ? Outcome.ROLLED_BACK : Outcome.DRIFT_CORRECTED : Outcome.DEGRADED,
                        plan,
                        results,
                        engine.containers().observe(),
                        "",
                        (first ? "went back to " : "kept at ")
                                + good.title()
                                + (failures.isEmpty() ? "" : ": " + String.join("; ", failures)),
                        Duration.ofNanos(System.nanoTime() - began));
                if (!failures.isEmpty()) {
                    return Optional.of(String.join("; ", failures));
                }
            }
            return gates().awaitWell(back.desired().services(), Optional.empty())
                    .map(Gates.Unwell::why);
        }
    }

    /** Files of the repository as a revision has them; what of it is gone with its commit is left as it lies. */
    private BeforeStart filesOf(StackRevision revision, PlanOptions options) throws IOException {
        if (last.isEmpty()) {
            last = applied.find();
        }
        return last.filter(source -> isOf(revision, source)).isPresent()
                        && deployment.plan(last.get(), options) instanceof Planned.Ready ready
                ? ready.beforeStart()
                : BeforeStart.NOTHING;
    }

    /**
     * While a revision is refused, the one before it is kept in order. A refused one that ran before it was refused (a
     * port was taken meanwhile) is no more to be had than the others.
     */
    void keepApplied(CommitSource refused, PlanOptions options) throws IOException {
        if (last.isEmpty()) {
            last = applied.find();
        }
        if (last.isEmpty()
                || last.get().commit().commit().equals(refused.commit().commit())) {
            return;
        }
        if (!(deployment.plan(last.get(), options) instanceof Planned.Ready ready)) {
            return;
        }
        jobs = hasJobs(ready);
        var good = records.revisions().good().filter(g -> isOf(g, last.get()));
        var plan = good.isPresent()
                ? deployment.planBack(good.get(), last.get(), options).plan()
                : ready.plan();
        if (!plan.problems().isEmpty() || !plan.refusals().isEmpty() || plan.isEmpty()) {
            return;
        }
        var repairs = permission.repairsOf(ready.project(), plan);
        if (!repairs.isEmpty()) {
            new PlanText(false).operations(repairs).forEach(line -> out.accept("stack " + stack + ": " + line));
            var results = new Applier(engine, health, ready.beforeStart(), listener()).apply(repairs);
            failures(results).forEach(f -> out.accept("stack " + stack + ": " + f));
        }
    }

    private static boolean isOf(StackRevision revision, CommitSource source) {
        return revision.commit()
                .map(StackStatus.Commit::id)
                .equals(Optional.of(source.commit().commit()));
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
}
