package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.Planned;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.plan.Guards;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.PartialPlan;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.Engine;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.ProjectExtension.Mode;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Says what of an agent's plan may be done now: suspensions, what the stack says of drift, guards and windows, in this
 * order. One for each stack, used by its worker's thread; {@link #repairs} may be asked by any.
 */
final class Permission {
    /** What a person wrote behind {@code sync} to have it whatever the time is. */
    static final String NOW = "--now";

    private final String stack;
    private final Engine engine;
    private final Decisions decisions;
    private final PlanHold hold;
    private final InstantSource clock;
    private final RepairLimit limit = new RepairLimit();
    /** The commit that was asked for last. */
    private Optional<String> judged = Optional.empty();

    private volatile Mode mode = Mode.REPAIR;

    Permission(String stack, Engine engine, InstantSource clock) {
        this.stack = stack;
        this.engine = engine;
        this.clock = clock;
        this.decisions = new Decisions(engine.root());
        this.hold = new PlanHold(stack, decisions, clock);
    }

    /**
     * A run begins: another commit, or a {@code sync}, is a new chance for repairs that were given up. While it waits
     * for somebody or for its window, the one that runs is repaired no more often than others.
     */
    void asked(CommitSource source, String trigger) {
        var wanted = Optional.of(source.commit().commit());
        if (!wanted.equals(judged) || trigger.startsWith("sync")) {
            limit.forgive();
        }
        judged = wanted;
    }

    /** What may be done. */
    sealed interface Answer {
        /**
         * Do this.
         *
         * @param left what of the plan is left undone, and why; the stack is not as it should be then
         * @param note for the history: who agreed, which window was passed over
         */
        record Go(Plan plan, List<StackStatus.Problem> left, Outcome leftAs, String note) implements Answer {
            public Go {
                left = List.copyOf(left);
            }
        }

        /**
         * Do nothing of it.
         *
         * @param keeps whether the revision that runs is to be kept in order
         */
        record Stay(Outcome outcome, List<StackStatus.Problem> why, boolean keeps, Optional<Instant> until)
                implements Answer {
            public Stay {
                why = List.copyOf(why);
            }
        }
    }

    /**
     * Judges a plan without problems.
     *
     * @param applied the commit that runs
     * @param trigger why it is asked
     */
    Answer of(CommitSource source, String trigger, Planned.Ready ready, Optional<String> applied) throws IOException {
        mode = DriftRules.of(ready.project(), clock.instant()).mode();
        var suspended = suspended(ready.plan());
        if (suspended.isPresent()) {
            return suspended.get();
        }
        var same = applied.equals(Optional.of(source.commit().commit()));
        var left = new ArrayList<StackStatus.Problem>();
        var plan = same ? repaired(ready.project(), ready.plan(), left) : ready.plan();
        var now = clock.instant();
        var by = "";
        if (!plan.isEmpty()) {
            var findings = findings(source, plan, applied);
            var trailers =
                    findings.isEmpty() ? List.<String>of() : source.tree().trailers(PlanHold.TRAILER);
            switch (hold.judge(plan, findings, source.commit(), trailers)) {
                case PlanHold.Verdict.Free(var who) ->
                    by = who.map(w -> "approved by " + w).orElse("");
                case PlanHold.Verdict.Held(var held, var unused) -> {
                    return new Answer.Stay(Outcome.HELD, List.of(problem(hold.sentence(held))), true, none());
                }
            }
        }
        var times = new ChangeTimes(source.rules().windows());
        var leftAs = Outcome.DRIFTED;
        if (!times.isOpen(now)) {
            var next = times.next(now);
            if (trigger.contains(NOW)) {
                by = by + (by.isEmpty() ? "" : "; ") + "outside of its windows, as sync --now asked";
            } else {
                var why = problem(next.map(ChangeTimes.Opening::sentence)
                        .orElse("waiting for a window, and none opens any more"));
                var until = next.map(ChangeTimes.Opening::at);
                if (!same) {
                    return new Answer.Stay(Outcome.WAITING, List.of(why, problem(would(plan))), true, until);
                }
                // What is new at the same commit waits as well: a tag that moved, a value of the host's.
                var repairs = PartialPlan.without(plan, step -> !isPull(step) && !DriftRules.isRepair(step));
                if (repairs.steps().size() < plan.steps().size()) {
                    left.add(why);
                    left.add(problem(would(plan)));
                    leftAs = Outcome.WAITING;
                    plan = repairs;
                    if (plan.isEmpty()) {
                        return new Answer.Stay(Outcome.WAITING, left, false, until);
                    }
                }
            }
        }
        return new Answer.Go(plan, left, leftAs, by);
    }

    /** Whether a person wants the stack left alone. */
    boolean isSuspended() throws IOException {
        return decisions.suspension(stack).isPresent();
    }

    /** The same as an answer, whatever the plan is. */
    Optional<Answer.Stay> suspended(Plan plan) throws IOException {
        return decisions
                .suspension(stack)
                .map(why ->
                        new Answer.Stay(Outcome.SUSPENDED, List.of(problem(why), problem(would(plan))), false, none()));
    }

    /**
     * The plan of the revision that runs, while a newer one may not: what of it may be done, which may be nothing.
     *
     * @param project whose rules hold
     */
    Plan repairsOf(Project project, Plan plan) throws IOException {
        if (decisions.suspension(stack).isPresent()) {
            return PartialPlan.without(plan, _ -> true);
        }
        return PartialPlan.without(
                repaired(project, plan, new ArrayList<>()), step -> !isPull(step) && !DriftRules.isRepair(step));
    }

    /**
     * The plan that keeps a stack at the revision that it went back to: its repairs keep to the rules, all else is
     * done.
     */
    Plan keptAt(Project project, Plan plan) {
        return repaired(project, plan, new ArrayList<>());
    }

    /** This became of what was to keep the stack at what it is at: repairs that were made may not be made for ever. */
    void made(List<StepResult> results) {
        limit.made(results, clock.instant());
    }

    /** A plan was carried out, or there was nothing to do: nothing waits for an answer any more. */
    void settled() throws IOException {
        if (decisions.held(stack).isPresent() || decisions.approval(stack).isPresent()) {
            decisions.release(stack);
        }
    }

    /** Whether what ends is to be started again. */
    boolean repairs() {
        return mode == Mode.REPAIR;
    }

    /** What a repair may do by the stack's own rules; adds to {@code left} what stays as it is and counts. */
    private Plan repaired(Project project, Plan whole, List<StackStatus.Problem> left) {
        var rules = DriftRules.of(project, clock.instant());
        var plan = PartialPlan.without(whole, rules::isIgnored);
        switch (rules.mode()) {
            case REPAIR -> {
                var given = limit.leave(plan.steps(), clock.instant());
                plan.steps().stream()
                        .filter(step -> given.contains(step.id()))
                        .forEach(step -> left.add(problem(RepairLimit.sentence(step))));
                return PartialPlan.without(plan, step -> given.contains(step.id()));
            }
            case REPORT -> {
                var repairs = PartialPlan.without(plan, step -> isPull(step) || !DriftRules.isRepair(step));
                if (!repairs.isEmpty()) {
                    left.add(problem("the host is not as the files say, and x-lockstep.drift: report leaves it so"));
                    new PlanText(false).operations(repairs).forEach(line -> left.add(problem(line)));
                }
                return PartialPlan.without(plan, DriftRules::isRepair);
            }
            case IGNORE -> {
                return PartialPlan.without(plan, DriftRules::isRepair);
            }
        }
        throw new IllegalStateException("no such mode: " + rules.mode());
    }

    private List<Guards.Finding> findings(CommitSource source, Plan plan, Optional<String> applied) throws IOException {
        if (plan.steps().stream().map(Step::operation).noneMatch(Permission::mayTakeAway)) {
            return List.of(); // as nearly always; the host need not be looked at again
        }
        var rewritten = Optional.<String>empty();
        if (applied.isPresent() && !source.tree().follows(applied.get())) {
            rewritten = Optional.of("commit "
                    + applied.get().substring(0, Math.min(7, applied.get().length())));
        }
        Set<?> approved = source.rules().approved();
        return new Guards(plan, Deployment.observe(engine), rewritten)
                .find().stream()
                        .filter(finding -> !approved.contains(finding.guard()))
                        .toList();
    }

    private static boolean mayTakeAway(Operation operation) {
        return switch (operation) {
            case Operation.ReplaceContainer _,
                    Operation.RemoveContainer _,
                    Operation.RemoveNetwork _,
                    Operation.RemoveVolume _ -> true;
            case Operation.OnImage _,
                    Operation.CreateNetwork _,
                    Operation.UpdateNetwork _,
                    Operation.ReplaceNetwork _,
                    Operation.RepairNetwork _,
                    Operation.CreateVolume _,
                    Operation.UpdateVolume _,
                    Operation.CreateContainer _,
                    Operation.UpdateContainer _,
                    Operation.StartContainer _,
                    Operation.RestartContainer _,
                    Operation.StopContainer _ -> false;
        };
    }

    private static boolean isPull(Step step) {
        return step.operation() instanceof Operation.OnImage;
    }

    private static String would(Plan plan) {
        return plan.isEmpty() ? "there is nothing to change" : "what it would do: " + PlanText.last(plan);
    }

    private static Optional<Instant> none() {
        return Optional.empty();
    }

    private static StackStatus.Problem problem(String message) {
        return StackRecords.problem(message);
    }
}
