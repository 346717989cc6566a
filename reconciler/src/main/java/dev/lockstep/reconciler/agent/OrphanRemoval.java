package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.deploy.StackImages;
import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.plan.Guards;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanId;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.spec.settings.Guard;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Takes down a stack that its repository has no longer, once somebody agrees. Its volumes and files stay: they go by
 * {@code down -v} alone.
 */
final class OrphanRemoval {
    private static final Duration LOCK_PATIENCE = Duration.ofSeconds(30);

    private final StackWorkers makers;
    private final Set<String> formerly;
    private final Decisions decisions;

    /** @param formerly URLs that the repository had before, without credentials */
    OrphanRemoval(StackWorkers makers, Set<String> formerly) {
        this.makers = makers;
        this.formerly = formerly;
        this.decisions = new Decisions(makers.engine().root());
    }

    /**
     * Plans the removal, and carries it out where it is agreed to.
     *
     * @param found what the commit has for this host, which is not this stack
     * @param trailers of the commit
     * @param together what is to be said of all stacks that this commit takes away
     * @return whether it waits for somebody
     */
    boolean consider(
            String stack, Revision revision, HostStacks found, List<String> trailers, Optional<Guards.Finding> together)
            throws IOException, InterruptedException {
        if (decisions.suspension(stack).isPresent()) {
            return true;
        }
        var others = others(stack, revision);
        if (others.isPresent()) {
            makers.out().accept("stack " + stack + " stays: its containers come from " + others.get());
            decisions.release(stack);
            new StatusFiles(makers.engine().root()).remove(stack);
            return false;
        }
        var plan = plan(stack);
        var hold = new PlanHold(stack, decisions, makers.clock());
        return switch (hold.judge(plan, findings(stack, plan, revision, found, together), revision, trailers)) {
            case PlanHold.Verdict.Held(var held, var news) -> {
                if (news) {
                    var sentence = hold.sentence(held);
                    makers.out().accept("stack " + stack + ": " + sentence);
                    makers.records(stack).ran(revision, "poll", Outcome.HELD, plan, sentence, Duration.ZERO);
                }
                yield true;
            }
            case PlanHold.Verdict.Free(var by) -> !remove(stack, plan, revision, by);
        };
    }

    /** A repository that only wanted a stack of that name takes down nothing of another one's. */
    private Optional<String> others(String stack, Revision revision) throws IOException {
        return Deployment.observe(makers.engine()).containersOf(stack).stream()
                .flatMap(c -> c.record().spec().owner().repository().stream())
                .filter(repository -> !repository.equals(revision.repository()) && !formerly.contains(repository))
                .findFirst();
    }

    private Plan plan(String stack) throws IOException {
        return new Deployment(makers.engine(), makers.host(), makers.images(), makers.policy(), makers.secrets())
                .planDown(stack, false);
    }

    private List<Guards.Finding> findings(
            String stack, Plan plan, Revision revision, HostStacks found, Optional<Guards.Finding> together)
            throws IOException {
        if (plan.isEmpty()) {
            return List.of(); // somebody has taken it down already
        }
        var agreed = found.agreed().getOrDefault(stack, Set.of());
        var findings = new ArrayList<Guards.Finding>();
        if (!agreed.contains(Guard.ORPHANED)) {
            findings.add(new Guards.Finding(
                    Guard.ORPHANED,
                    "commit " + revision.shortCommit()
                            + (found.elsewhere().contains(stack)
                                    ? " places stack " + stack + " on other hosts"
                                    : " does not have stack " + stack)));
            new Guards(plan, Deployment.observe(makers.engine()), Optional.empty())
                    .find().stream().filter(f -> f.guard() == Guard.DATA).forEach(findings::add);
        }
        together.filter(finding -> !agreed.contains(finding.guard())).ifPresent(findings::add);
        if (found.isEmpty() && !agreed.contains(Guard.REPOSITORY)) {
            findings.add(
                    new Guards.Finding(Guard.REPOSITORY, "the repository has no stack at all for this host any more"));
        }
        return findings;
    }

    private boolean remove(String stack, Plan plan, Revision revision, Optional<String> by)
            throws IOException, InterruptedException {
        var root = makers.engine().root();
        try (var _ = StackLock.take(root, stack, LOCK_PATIENCE, _ -> {})) {
            if (!PlanId.of(plan(stack), List.of()).equals(PlanId.of(plan, List.of()))) {
                return false; // what somebody has changed until now is judged at the next look
            }
            if (!plan.isEmpty()) {
                makers.out().accept(new PlanText(false).print(plan));
                var began = System.nanoTime();
                var results = new Applier(makers.engine(), makers.health(), BeforeStart.NOTHING, ApplyListener.NONE)
                        .apply(plan);
                var failures = String.join("; ", StepResult.failures(results));
                var note = "taken down, since the repository does not have it"
                        + by.map(who -> "; approved by " + who).orElse("");
                makers.records(stack)
                        .ran(
                                revision,
                                "poll",
                                failures.isEmpty() ? Outcome.CONVERGED : Outcome.FAILED,
                                plan,
                                failures.isEmpty() ? note : failures,
                                Duration.ofNanos(System.nanoTime() - began));
                makers.out().accept("stack " + stack + ": " + (failures.isEmpty() ? note : failures));
                if (!failures.isEmpty()) {
                    return false;
                }
            }
            new StackImages(makers.engine().images().roots(), stack).forget();
            // A stack of that name that comes one day has nothing to go back to.
            new RevisionFiles(root, stack).forget();
            decisions.release(stack);
            new StatusFiles(root).remove(stack);
            return true;
        }
    }
}
