package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.agent.StackWorker.Run;
import dev.lockstep.reconciler.apply.Gates;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.linux.NoSpace;
import dev.lockstep.spec.model.UpdateConfig.FailureAction;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/**
 * The way back from a revision that did not become well: once, to the last one that was, the stack as a whole. What
 * failed is written down before anything is changed, so that whoever is killed on the way goes on going back.
 *
 * @param tried what was planned for the revision
 * @param superseded open as long as no newer revision waits
 */
record WayBack(
        StackContext stack,
        KeptRevision kept,
        CommitSource source,
        Planned.Ready tried,
        PlanOptions options,
        CountDownLatch superseded) {

    /**
     * Goes back, unless there is nothing to go back to or the files of the services that failed say otherwise.
     *
     * @param services that failed
     */
    Optional<Run> from(String found, Set<String> services) throws IOException, InterruptedException {
        var why = stack.records().redacted(found);
        // Planned anew, it has the digests that only its pulls could tell.
        var now = stack.deployment().plan(source, options) instanceof Planned.Ready ready ? ready : tried;
        var containers = stack.engine().containers().records();
        var left = StackRecords.revision(source, now, containers);
        var revisions = stack.records().revisions();
        var good = revisions.good();
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
        var pause = wishes.contains(FailureAction.PAUSE);
        var ordered = Optional.of(StackRecords.ordered(source, now, containers)).filter(with -> !with.isSameAs(left));
        var failed = new RevisionFiles.Failed(left, why, stack.clock().instant(), pause, !pause, ordered);
        if (failed.paused()) {
            revisions.failed(failed);
            return Optional.of(stay(failed));
        }
        leave(failed, good.get());
        stack.say(": " + source.revision().orElse("") + " is not well: " + why + "; going back to "
                + good.get().title());
        return Optional.of(to(good.get(), failed, true));
    }

    /**
     * Writes down that it is left. Where it has filled the disk, what it runs and the way back would replace goes
     * before that: what those containers have written is room again. Killed in between, the revision is tried once
     * more.
     */
    private void leave(RevisionFiles.Failed failed, StackRevision good) throws IOException {
        var revisions = stack.records().revisions();
        try {
            revisions.failed(failed);
        } catch (IOException e) {
            if (!NoSpace.isWhy(e)) {
                throw e;
            }
            stack.say(": the disk is full, and what is not well is removed before anything is written down");
            var containers = stack.engine().containers();
            for (var step : stack.planBack(good, source, options).plan().steps()) {
                var gone = switch (step.operation()) {
                    case Operation.ReplaceContainer replace -> Optional.of(replace.id());
                    case Operation.RemoveContainer remove -> Optional.of(remove.id());
                    default -> Optional.<String>empty();
                };
                if (gone.isPresent()) {
                    if (containers
                            .observe(gone.get())
                            .filter(ObservedContainer::isRunning)
                            .isPresent()) {
                        containers.stop(gone.get(), Optional.empty());
                    }
                    containers.remove(gone.get(), true, false);
                }
            }
            try {
                revisions.failed(failed);
            } catch (IOException still) {
                throw explained(still);
            }
        }
    }

    /** Where the disk is still full without what is not well, what else there is of the stack is told. */
    private IOException explained(IOException e) throws IOException {
        return NoSpace.isWhy(e) ? new IOException(stack.fullDisk().sentence(), e) : e;
    }

    private Optional<String> explained(Optional<String> trouble) throws IOException {
        return trouble.isPresent() && NoSpace.isWhy(new IOException(trouble.get()))
                ? Optional.of(trouble.get() + "; " + stack.fullDisk().sentence())
                : trouble;
    }

    /** The revision was tried before: what the stack went back to is kept in order. */
    Run stay(RevisionFiles.Failed failed) throws IOException, InterruptedException {
        var good = stack.records().revisions().good();
        if (failed.paused() || good.isEmpty()) {
            var problems = List.of(
                    StackRecords.problem(failed.why()),
                    StackRecords.problem("failure_action: pause leaves the stack as it is; it is not tried again until"
                            + " it changes, or 'lockstep sync --retry' asks for it"));
            if (stack.records().failed(source, Outcome.UNHEALTHY, problems)) {
                stack.say(" is paused: " + failed.why());
            }
            return new Run(Outcome.UNHEALTHY, 3);
        }
        return to(good.get(), failed, false);
    }

    private Run to(StackRevision good, RevisionFiles.Failed failed, boolean first)
            throws IOException, InterruptedException {
        Optional<String> trouble;
        try {
            trouble = explained(carry(good, failed, first));
        } catch (IOException e) {
            throw explained(e);
        }
        if (trouble.isPresent() && superseded.getCount() == 0) {
            return Run.SUPERSEDED;
        }
        var outcome = trouble.isPresent() ? Outcome.DEGRADED : Outcome.ROLLED_BACK;
        var problems = new ArrayList<StackStatus.Problem>();
        problems.add(StackRecords.problem(failed.why()));
        problems.add(StackRecords.problem((trouble.isPresent() ? "going back to " : "went back to ")
                + good.title()
                + trouble.map(why -> " failed: " + why + "; the stack needs somebody to look at it")
                        .orElse("; the revision is not tried again until it changes, or 'lockstep sync --retry'"
                                + " asks for it")));
        if (stack.records().wentBack(source, good, outcome, problems)) {
            stack.say(trouble.map(why -> " IS DEGRADED: going back to " + good.title() + " failed: " + why)
                    .orElseGet(() -> " is back at " + good.title()));
        }
        return Run.wentBack(outcome);
    }

    /** Makes the host what the revision was; says why that is not so. */
    private Optional<String> carry(StackRevision good, RevisionFiles.Failed failed, boolean first)
            throws IOException, InterruptedException {
        var back = stack.planBack(good, source, options);
        var obstacles = new ArrayList<>(back.plan().refusals());
        back.plan().problems().forEach(problem -> obstacles.add(problem.message()));
        if (!obstacles.isEmpty()) {
            var why = String.join("; ", obstacles);
            if (first) {
                stack.records().ran(source, "rollback", Outcome.DEGRADED, back.plan(), why, Duration.ZERO);
            }
            return Optional.of(why);
        }
        // What a try before this one has not come to is part of the way, and no drift that the files may want left.
        var whole = failed.leaving();
        var plan = whole ? back.plan() : stack.permission().keptAt(tried.project(), back.plan());
        // The history must have it that the revision was left, even where nothing is to be done for that.
        if (whole || !plan.isEmpty()) {
            var began = System.nanoTime();
            // Without causes: values of the time before are nobody's to read any more.
            new PlanText(false).operations(plan).forEach(line -> stack.out().accept("  " + line));
            var results = stack.applier(back.desired(), kept.filesOf(good, options), Optional.empty(), superseded)
                    .apply(plan);
            if (!whole) {
                stack.permission().made(results);
            }
            var failures = StepResult.obstacles(results);
            var cut = StepResult.isBrokenOff(results);
            var done = cut ? Outcome.SUPERSEDED : whole ? Outcome.ROLLED_BACK : Outcome.DRIFT_CORRECTED;
            stack.records()
                    .ran(
                            whole || !failures.isEmpty()
                                    ? source
                                    : kept.sourceOf(good).orElse(source),
                            whole ? "rollback" : StackWorker.DRIFT,
                            failures.isEmpty() ? done : Outcome.DEGRADED,
                            plan,
                            results,
                            stack.engine().containers().observe(),
                            "",
                            (whole ? "went back to " : "kept at ")
                                    + good.title()
                                    + (failures.isEmpty() ? "" : ": " + String.join("; ", failures))
                                    + (cut ? ": " + Reconciliation.BROKEN_OFF : ""),
                            Duration.ofNanos(System.nanoTime() - began));
            if (!failures.isEmpty()) {
                return Optional.of(String.join("; ", failures));
            }
            if (whole && !cut) {
                stack.records().revisions().failed(failed.left());
            }
        }
        var unwell = stack.gates(superseded)
                .awaitWell(back.desired().services(), Optional.empty())
                .map(Gates.Unwell::why);
        if (whole && unwell.isPresent() && superseded.getCount() > 0) {
            // What was done went well, and the history has it that the stack is back.
            stack.records().degraded(source, good.title() + " is not well any more: " + unwell.get());
        }
        return unwell;
    }
}
