package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.agent.StackWorker.Run;
import dev.lockstep.reconciler.apply.KeptContainers;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.HostState;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackImages;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.linux.NoSpace;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one stack to a revision: plans, asks whether that may be done, does it, and judges what came of it; goes back
 * to the last revision that was well where it came to nothing. Used by the stack's worker, one run at a time.
 */
final class Reconciliation {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciliation.class);
    /** What a person wrote behind {@code sync} to have a revision tried again that was left. */
    static final String RETRY = "--retry";
    /** What is said of a run that did not wait for what its steps waited for. */
    static final String BROKEN_OFF = "broken off while it waited, for a newer revision or the end of the agent";

    private final StackContext stack;
    private final KeptRevision kept;
    private final WantedBuilds wantedBuilds;

    /** When there is reason to look at the images again, or at the stack. */
    private Optional<Instant> nextLook = Optional.empty();
    /** The last run, if it found nothing to do. */
    private Optional<Settled> settled = Optional.empty();
    /** Of the run that is under way. */
    private CountDownLatch superseded = new CountDownLatch(1);

    Reconciliation(StackContext stack, KeptRevision.Commits commits, WantedBuilds wantedBuilds) {
        this.stack = stack;
        this.kept = new KeptRevision(stack, commits);
        this.wantedBuilds = wantedBuilds;
    }

    /** When the last run found reason to look again before the usual time; empty when it did not. */
    Optional<Instant> nextLook() {
        return nextLook;
    }

    /**
     * See {@link KeptRevision#startJob}; waits for the stack's lock.
     *
     * @param left whether the stack was let go: its repository suspends it, say, or has it no more
     */
    Optional<String> startJob(String service, BooleanSupplier left) throws IOException, InterruptedException {
        try (var _ = StackLock.take(stack.engine().root(), stack.stack(), StackWorker.LOCK_PATIENCE, _ -> {})) {
            if (left.getAsBoolean()) {
                return Optional.of("the stack is suspended or not followed any more");
            }
            // Whoever has suspended it meanwhile has waited for the lock, and goes by it that nothing begins any more.
            return stack.permission().isSuspended()
                    ? Optional.of("the stack was suspended meanwhile")
                    : kept.startJob(service);
        }
    }

    /** See {@link KeptRevision#keep}. */
    void keep(CommitSource refused, PlanOptions options, CountDownLatch superseded)
            throws IOException, InterruptedException {
        stack.records().hide(refused.secrets());
        kept.keep(refused, options, superseded);
    }

    /** Whether the revision that runs has services that run at times. */
    boolean hasJobs() {
        return kept.hasJobs();
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
        stack.records().hide(source.secrets());
        stack.permission().asked(source, trigger);
        nextLook = Optional.empty();
        if (trigger.equals(StackWorker.DRIFT) && isSettled(source, options)) {
            nextLook = settled.flatMap(Settled::nextLook);
            LOG.debug("host is as it was stack={}", stack.stack());
            var _ = stack.records().good(source, List.of()); // shows that somebody looks
            return Run.CONVERGED;
        }
        settled = Optional.empty();
        var ownHost = keptOnHost(); // before the plan, which must not be newer than what it is remembered by
        return switch (stack.deployment().plan(source, options)) {
            case Planned.Invalid invalid -> {
                var problems =
                        invalid.errors().stream().map(StackRecords::problem).toList();
                if (stack.records().failed(source, Outcome.REFUSED, problems)) {
                    stack.say(" at " + source.revision().orElse("") + " is refused:");
                    invalid.errors().forEach(e -> stack.out().accept("  " + e));
                }
                kept.keep(source, options, superseded);
                yield new Run(Outcome.REFUSED, 1);
            }
            case Planned.Ready ready -> {
                stack.records().hide(ready.desired());
                nextLook = ready.images().nextLook();
                if (isWaiting(ready)) {
                    yield await(source, trigger, ready, options);
                }
                var run = apply(source, trigger, ready, options);
                if (run.equals(Run.CONVERGED)
                        && !isSuperseded()
                        && ready.plan().isEmpty()
                        && ready.images().notes().isEmpty()) {
                    settled = ownHost.map(with -> new Settled(
                            source,
                            options,
                            new HostState(ready.observed(), with),
                            nextLook,
                            stack.clock().instant()));
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
                    && stack.deployment().plan(source, options) instanceof Planned.Ready again) {
                nextLook = again.images().nextLook();
                if (!isWaiting(again)) {
                    return apply(source, trigger, again, options);
                }
                waiting = again;
            }
        }
        var suspended = stack.permission().suspended(waiting.plan());
        if (suspended.isPresent()) {
            return stay(source, trigger, waiting, suspended.get(), options);
        }
        var why = new ArrayList<>(
                waiting.images().waits().stream().map(StackRecords::problem).toList());
        why.addAll(unmet);
        if (stack.records().failed(source, Outcome.WAITING, why)) {
            stack.say(" at " + source.revision().orElse("") + " stays as it is:");
            why.forEach(problem -> stack.out().accept("  " + problem.asText()));
        }
        kept.keep(source, options, superseded);
        return new Run(Outcome.WAITING, 5);
    }

    /** A remote that is away keeps nothing from being built later, and nobody from keeping what runs. */
    private Map<ImageReference, String> order(CommitSource source, Set<ImageReference> wanted) {
        try {
            return wantedBuilds.order(source, wanted);
        } catch (IOException e) {
            LOG.debug("builds are not ordered stack={}", stack.stack(), e);
            var why = "is not ordered to be built now: "
                    + Optional.ofNullable(e.getMessage()).orElse(e.toString());
            return wanted.stream().collect(Collectors.toMap(Function.identity(), _ -> why));
        }
    }

    /** Whether a plan would be what it was last time: nothing to do for a stack that is well. */
    private boolean isSettled(CommitSource source, PlanOptions options) throws IOException {
        if (settled.filter(s -> s.answers(source, options, stack.clock().instant()))
                        .isEmpty()
                || stack.permission().isSuspended()
                || stack.records().revisions().failed().isPresent()) {
            return false;
        }
        var ownHost = keptOnHost();
        return ownHost.isPresent()
                && settled.get().host().equals(new HostState(Deployment.observe(stack.engine()), ownHost.get()));
    }

    /** Empty where something of it cannot be read: what that means for the stack, a plan finds out. */
    private Optional<HostState.Kept> keptOnHost() {
        try {
            return Optional.of(stack.deployment().kept(stack.stack()));
        } catch (IOException e) {
            LOG.debug("not known what the host keeps stack={}", stack.stack(), e);
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
            if (stack.records().failed(source, outcome, problems)) {
                stack.out().accept(new PlanText(false).print(plan));
            }
            kept.keep(source, options, superseded);
            return outcome == Outcome.REFUSED ? new Run(outcome, 5) : Run.FAILED;
        }
        var suspended = stack.permission().suspended(plan);
        if (suspended.isPresent()) {
            return stay(source, trigger, ready, suspended.get(), options);
        }
        var revisions = stack.records().revisions();
        var containers = ready.observed().records();
        var wantedNow = StackRecords.revision(source, ready, containers);
        var orderedNow = StackRecords.ordered(source, ready, containers);
        var failed = revisions.failed().filter(f -> f.isOf(wantedNow, orderedNow));
        if (failed.isPresent() && trigger.contains(RETRY)) {
            revisions.forgive();
        } else if (failed.isPresent()) {
            return new WayBack(stack, kept, source, ready, options, superseded).stay(failed.get());
        }
        var before = stack.records().applied();
        return switch (stack.permission().of(source, trigger, ready, before)) {
            case Permission.Answer.Stay stay -> stay(source, trigger, ready, stay, options);
            case Permission.Answer.Go go -> go(source, trigger, ready, go, before, options);
        };
    }

    /** Nothing of the plan may be done now. */
    private Run stay(
            CommitSource source, String trigger, Planned.Ready ready, Permission.Answer.Stay stay, PlanOptions options)
            throws IOException, InterruptedException {
        var why = stay.why().stream().map(StackStatus.Problem::message).collect(Collectors.joining("; "));
        if (stack.records().failed(source, stay.outcome(), stay.why())) {
            stack.out().accept(new PlanText(false).print(ready.plan()));
            stack.say(" stays as it is: " + why);
            stack.records().ran(source, trigger, stay.outcome(), ready.plan(), why, Duration.ZERO);
        }
        if (stay.keeps()) {
            kept.keep(source, options, superseded);
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
        var revisions = stack.records().revisions();
        // What a revision half makes that is tried again and again is nothing to go back to.
        revisions.begin(
                () -> plan.isEmpty()
                        ? Optional.empty()
                        : StackRevision.running(ready.desired().owner(), ready.observed()),
                stack.clock().instant());
        var back = new WayBack(stack, kept, source, ready, options, superseded);
        var replaced = new KeptContainers(stack.engine().containers());
        new StackImages(stack.engine().images().roots(), stack.stack()).want(ready.desired());
        if (!plan.isEmpty()) {
            stack.out().accept(new PlanText(false).print(source.lines().explain(plan)));
            var began = System.nanoTime();
            var results = stack.applier(ready.desired(), ready.beforeStart(), Optional.of(replaced), superseded)
                    .apply(plan);
            var drift = before.equals(Optional.of(source.commit().commit()));
            if (drift) {
                stack.permission().made(results);
            }
            var failures = StepResult.obstacles(results);
            var took = Duration.ofNanos(System.nanoTime() - began);
            if (!failures.isEmpty()) {
                var why = String.join("; ", failures);
                failures.forEach(f -> stack.say(": " + f));
                unlessFull(() -> stack.records()
                        .ran(
                                source,
                                trigger,
                                Outcome.FAILED,
                                plan,
                                results,
                                stack.engine().containers().observe(),
                                go.note(),
                                why,
                                took));
                if (StepResult.changedNothing(results)) {
                    failed(source, Outcome.FAILED, failures);
                    kept.keep(source, options, superseded);
                    return Run.FAILED;
                }
                return back.from(why, StepResult.failedServices(results)).orElseGet(() -> {
                    failed(source, Outcome.FAILED, failures);
                    return Run.FAILED;
                });
            }
            if (StepResult.isBrokenOff(results)) {
                return brokenOff(source, trigger, go, results, took);
            }
            unlessFull(() -> stack.records()
                    .ran(
                            source,
                            trigger,
                            drift ? Outcome.DRIFT_CORRECTED : Outcome.CONVERGED,
                            plan,
                            results,
                            stack.engine().containers().observe(),
                            go.note(),
                            "",
                            took));
            stack.say(" is at " + source.revision().orElse("") + " after " + took.toMillis() + " ms");
        } else if (!before.equals(Optional.of(source.commit().commit()))) {
            // A revision that changes nothing here is one all the same.
            unlessFull(() -> stack.records()
                    .ran(
                            source,
                            trigger,
                            Outcome.CONVERGED,
                            plan,
                            List.of(),
                            stack.engine().containers().observe(),
                            go.note(),
                            "",
                            Duration.ZERO));
        }
        if (revisions.good().flatMap(StackRevision::commit).isEmpty()) {
            unlessFull(() -> kept.pin(source)); // there is no better commit to keep in order
        }
        kept.runs(ready);
        if (!go.left().isEmpty()) {
            replaced.letGo();
            if (stack.records().failed(source, go.leftAs(), go.left())) {
                go.left().forEach(problem -> stack.say(": " + problem.asText()));
            }
            return new Run(go.leftAs(), go.leftAs() == Outcome.DRIFTED ? 3 : 5);
        }
        stack.permission().settled();
        if (isLeftDown(ready.plan(), plan)) {
            replaced.letGo();
            kept.pin(source);
            stack.records().good(source, List.of());
            return Run.CONVERGED; // whoever wants no word of what does not run wants none of its health either
        }
        var unchanged =
                plan.isEmpty() ? Optional.of(ready.observed().containers()) : Optional.<List<ObservedContainer>>empty();
        return verify(source, ready, unchanged, back, replaced);
    }

    /** Something is written down. */
    @FunctionalInterface
    private interface Writing {
        void write() throws IOException;
    }

    /** A full disk keeps nobody from judging the revision that may have filled it, and from going back. */
    private void unlessFull(Writing writing) throws IOException {
        try {
            writing.write();
        } catch (IOException e) {
            if (!NoSpace.isWhy(e)) {
                throw e;
            }
            stack.say(": the disk is full, and what was done is not written down: " + e.getMessage());
        }
    }

    /** What was waited for in vain is no failure of the revision: the next run finds what is done, and goes on. */
    private Run brokenOff(
            CommitSource source, String trigger, Permission.Answer.Go go, List<StepResult> results, Duration took)
            throws IOException {
        stack.say(" at " + source.revision().orElse("") + ": " + BROKEN_OFF);
        if (!StepResult.changedNothing(results)) {
            stack.records()
                    .ran(
                            source,
                            trigger,
                            Outcome.SUPERSEDED,
                            go.plan(),
                            results,
                            stack.engine().containers().observe(),
                            go.note(),
                            BROKEN_OFF,
                            took);
        }
        return Run.SUPERSEDED;
    }

    private void failed(CommitSource source, Outcome outcome, List<String> why) {
        stack.records()
                .failed(source, outcome, why.stream().map(StackRecords::problem).toList());
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
            WayBack back,
            KeptContainers replaced)
            throws IOException, InterruptedException {
        unlessFull(() -> stack.records().verifying(source));
        var services = ready.desired().services();
        var gates = stack.gates(superseded);
        var unwell = seen.isPresent()
                ? gates.awaitWell(services, seen.get())
                : gates.awaitWell(services, Optional.<Duration>empty());
        if (unwell.isEmpty()) {
            replaced.letGo();
            var containers = seen.isPresent()
                    ? seen.get().stream().map(ObservedContainer::record).toList()
                    : stack.engine().containers().records();
            kept.foundWell(source, ready, containers);
            var notes =
                    ready.images().notes().stream().map(StackRecords::problem).toList();
            if (stack.records().good(source, notes)) {
                ready.images().notes().forEach(note -> stack.say(": " + note));
            }
            return Run.CONVERGED;
        }
        if (isSuperseded()) {
            // A newer revision is waiting, and will be judged instead.
            if (!kept.isFoundWell(source)) {
                stack.records().superseded(source);
            }
            return Run.SUPERSEDED;
        }
        var why = unwell.get().why();
        var gone = back.from(why, unwell.get().services());
        if (gone.isPresent()) {
            return gone.get();
        }
        replaced.letGo();
        if (stack.records().failed(source, Outcome.UNHEALTHY, List.of(StackRecords.problem(why)))) {
            stack.say(" is unhealthy: " + why);
        }
        return new Run(Outcome.UNHEALTHY, 3);
    }

    private boolean isSuperseded() {
        return superseded.getCount() == 0;
    }
}
