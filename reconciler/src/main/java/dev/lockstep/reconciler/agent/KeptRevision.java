package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.deploy.StackImages;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.JobLabel;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.plan.KeptName;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The revision that a stack is kept at while its newest one is not to be had: the last that was applied and not found
 * unwell. Used by the stack's worker, one run at a time; jobs of it may be started by any thread.
 */
final class KeptRevision {
    private static final Logger LOG = LoggerFactory.getLogger(KeptRevision.class);

    private final StackContext stack;
    private final Commits commits;
    /** The newest commit that was kept in the clone for this stack. */
    private Optional<CommitSource> last = Optional.empty();
    /** Whether what runs has services that run at times; may be so as long as nobody has planned for it. */
    private volatile boolean jobs = true;

    /** The stack at commits of before, whatever its repository has become since. Any thread may ask. */
    interface Commits {
        /** The one that was kept last, by this agent or one before it. */
        Optional<CommitSource> kept() throws IOException;

        /**
         * The stack at a commit that the clone still has.
         *
         * @throws IOException with a sentence, when it has not, or the commit has no such stack
         */
        CommitSource at(String commit) throws IOException;
    }

    KeptRevision(StackContext stack, Commits commits) {
        this.stack = stack;
        this.commits = commits;
    }

    /** From now on the stack is kept at this commit. */
    void pin(CommitSource source) throws IOException {
        source.tree().pin(stack.stack());
        last = Optional.of(source);
    }

    /** Whether the revision that runs has services that run at times, as far as that is known. */
    boolean hasJobs() {
        return jobs;
    }

    /** This is what runs. */
    void runs(Planned.Ready ready) {
        jobs = ready.desired().services().stream()
                .flatMap(service -> service.slots().stream())
                .anyMatch(slot -> JobLabel.isJob(slot.spec().labels()));
    }

    /** Where a revision comes from, if it is the one that the stack is kept at. */
    Optional<CommitSource> sourceOf(StackRevision revision) throws IOException {
        return last().filter(source -> isOf(revision, commit(source)));
    }

    /** Files of the repository as a revision has them; what of it is gone with its commit is left as it lies. */
    BeforeStart filesOf(StackRevision revision, PlanOptions options) throws IOException {
        var source = sourceOf(revision);
        return source.isPresent() && stack.deployment().plan(source.get(), options) instanceof Planned.Ready ready
                ? ready.beforeStart()
                : BeforeStart.NOTHING;
    }

    /**
     * While a revision is refused, the one before it is kept in order. A refused one that ran before it was refused (a
     * port was taken meanwhile) is no more to be had than the others.
     *
     * @param superseded ends the wait for what was applied and not judged yet
     */
    void keep(CommitSource refused, PlanOptions options, CountDownLatch superseded)
            throws IOException, InterruptedException {
        judge(refused, options, superseded);
        var failed = stack.records().revisions().failed();
        var source = last();
        if (superseded.getCount() == 0
                || source.isEmpty()
                || commit(source.get()).equals(commit(refused))
                // Half changed, and left so until it changes or somebody asks.
                || failed.filter(RevisionFiles.Failed::paused).isPresent()
                // What ran before the first commit came back, and has none to be kept at.
                || failed.filter(left -> isOf(left.revision(), commit(source.get())))
                        .isPresent()) {
            return;
        }
        if (!(stack.deployment().plan(source.get(), options) instanceof Planned.Ready ready)) {
            return;
        }
        runs(ready);
        var good = stack.records().revisions().good().filter(g -> isOf(g, commit(source.get())));
        var plan = good.isPresent()
                ? stack.planBack(good.get(), source.get(), options).plan()
                : ready.plan();
        if (!plan.problems().isEmpty() || !plan.refusals().isEmpty() || plan.isEmpty()) {
            return;
        }
        var repairs = stack.permission().repairsOf(ready.project(), plan);
        if (!repairs.isEmpty()) {
            new PlanText(false).operations(repairs).forEach(line -> stack.say(": " + line));
            var began = System.nanoTime();
            var results = stack.applier(ready.desired(), ready.beforeStart(), Optional.empty(), superseded)
                    .apply(repairs);
            stack.permission().made(results);
            var failures = StepResult.obstacles(results);
            failures.forEach(failure -> stack.say(": " + failure));
            var done = StepResult.isBrokenOff(results) ? Outcome.SUPERSEDED : Outcome.DRIFT_CORRECTED;
            stack.records()
                    .ran(
                            source.get(),
                            StackWorker.DRIFT,
                            failures.isEmpty() ? done : Outcome.FAILED,
                            repairs,
                            results,
                            stack.engine().containers().observe(),
                            "",
                            "kept while " + refused.revision().orElse("a newer revision") + " is not to be had"
                                    + (failures.isEmpty() ? "" : ": " + String.join("; ", failures)),
                            Duration.ofNanos(System.nanoTime() - began));
        }
    }

    /**
     * A revision that was applied, and whose health nobody waited for because a newer one had come, is judged now that
     * the newer one is not to be had: it becomes what the stack is kept at, or the stack goes back as it would have.
     */
    private void judge(CommitSource refused, PlanOptions options, CountDownLatch superseded)
            throws IOException, InterruptedException {
        var source = unjudged(refused);
        if (source.isEmpty() || !(stack.deployment().plan(source.get(), options) instanceof Planned.Ready ready)) {
            return;
        }
        var unwell = stack.gates(superseded).awaitWell(ready.desired().services(), Optional.empty());
        if (superseded.getCount() == 0) {
            return;
        }
        if (unwell.isEmpty()) {
            foundWell(source.get(), ready, stack.engine().containers().records());
            stack.say(": " + source.get().revision().orElse("") + " is well, and is kept");
            return;
        }
        var told = stack.records().status();
        var gone = new WayBack(stack, this, source.get(), ready, options, superseded)
                .from(unwell.get().why(), unwell.get().services());
        if (gone.isEmpty()) {
            pin(source.get()); // unwell as it is, it is what its file or the want of another leaves
        }
        if (told.isPresent()) {
            stack.records().tell(told.get()); // the newest commit is what people ask for first
        }
    }

    /**
     * The commit that was applied last, unless it is the one that is kept, or was left again, or nobody may leave it.
     */
    private Optional<CommitSource> unjudged(CommitSource refused) throws IOException {
        var applied = stack.records().applied();
        if (applied.isEmpty()
                || stack.permission().isSuspended()
                || applied.get().equals(commit(refused))
                || last().filter(source -> commit(source).equals(applied.get())).isPresent()
                || stack.records()
                        .revisions()
                        .failed()
                        .filter(failed -> isOf(failed.revision(), applied.get()))
                        .isPresent()) {
            return Optional.empty();
        }
        try {
            return Optional.of(commits.at(applied.get()));
        } catch (IOException e) {
            LOG.debug("what was applied is not judged stack={} commit={}", stack.stack(), applied.get(), e);
            return Optional.empty(); // its history was rewritten; what was well before it is still here
        }
    }

    /**
     * The revision runs and is well: what the stack goes back to from now on, so that its images are kept.
     *
     * @param containers records of this host
     */
    void foundWell(CommitSource source, Planned.Ready ready, List<ContainerRecord> containers) throws IOException {
        if (!isFoundWell(source)) {
            stack.records().foundWell(source); // before it is what is gone back to: a crash in between tells it twice
        }
        // Not of those that it replaced, which stand by until somebody removes them.
        new StackImages(stack.engine().images().roots(), stack.stack())
                .applied(containers.stream()
                        .filter(container -> !KeptName.has(container))
                        .toList());
        pin(source);
        stack.records()
                .revisions()
                .good(
                        StackRecords.revision(source, ready, containers),
                        stack.clock().instant());
    }

    /**
     * The time of a service has come: its container is made anew from the revision that runs, and started.
     *
     * @return why it was not; empty when it was
     */
    Optional<String> startJob(String service) throws IOException, InterruptedException {
        var source = running();
        if (source.isEmpty()) {
            return Optional.of("no revision of the stack has been applied yet");
        }
        var options = PlanOptions.followed(Set.of(), Instant.MIN);
        if (!(stack.deployment().plan(source.get(), options) instanceof Planned.Ready all)) {
            return Optional.of("the revision that runs cannot be planned any more");
        }
        var others = all.desired().services().stream()
                .map(DesiredService::name)
                .filter(name -> !name.equals(service))
                .collect(Collectors.toSet());
        if (!(stack.deployment().plan(source.get(), options.forJob(service, others)) instanceof Planned.Ready ready)) {
            return Optional.of("the revision that runs cannot be planned any more");
        }
        var refusals = Stream.concat(
                        ready.plan().problems().stream().map(Problem::toString), ready.plan().refusals().stream())
                .toList();
        if (!refusals.isEmpty()) {
            return Optional.of(String.join("; ", refusals));
        }
        var failures = StepResult.failures(
                stack.applier(all.desired(), ready.beforeStart()).apply(ready.plan()));
        stack.records().hide(source.get().secrets());
        stack.records().hide(all.desired());
        return failures.isEmpty()
                ? Optional.empty()
                : Optional.of(stack.records().redacted(String.join("; ", failures)));
    }

    /** What was applied last, and stays although it may not be well, unless it was left again. */
    private Optional<CommitSource> running() throws IOException {
        var applied = stack.records().applied();
        var left = stack.records().revisions().failed().map(RevisionFiles.Failed::revision);
        if (applied.isPresent()
                && left.filter(revision -> isOf(revision, applied.get())).isEmpty()) {
            try {
                return Optional.of(commits.at(applied.get()));
            } catch (IOException e) {
                LOG.debug("what was applied is not to be had stack={} commit={}", stack.stack(), applied.get(), e);
            }
        }
        return commits.kept();
    }

    /** Whether the stack would go back to it. */
    boolean isFoundWell(CommitSource source) throws IOException {
        return stack.records()
                .revisions()
                .good()
                .filter(good -> isOf(good, commit(source)))
                .isPresent();
    }

    private Optional<CommitSource> last() throws IOException {
        if (last.isEmpty()) {
            last = commits.kept();
        }
        return last;
    }

    private static String commit(CommitSource source) {
        return source.commit().commit();
    }

    private static boolean isOf(StackRevision revision, String commit) {
        return revision.commit().map(StackStatus.Commit::id).equals(Optional.of(commit));
    }
}
