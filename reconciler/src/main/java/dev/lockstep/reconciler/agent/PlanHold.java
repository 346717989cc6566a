package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.decision.HeldPlan;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.plan.Guards;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanId;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.spec.settings.Guard;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** Holds a stack's plans until somebody agrees: a person on this host, or the commit itself. */
record PlanHold(String stack, Decisions decisions, InstantSource clock) {
    /** The trailer of a commit that agrees to what it does to stacks; its value names them. */
    static final String TRAILER = "Lockstep-Approve";

    /** Whether the plan may be carried out. */
    sealed interface Verdict {
        /**
         * It may.
         *
         * @param by who agreed, for the history; empty when nobody had to
         */
        record Free(Optional<String> by) implements Verdict {}

        /**
         * It waits for somebody.
         *
         * @param news whether it was not held before
         */
        record Held(HeldPlan plan, boolean news) implements Verdict {}
    }

    /**
     * Judges a plan, and writes it down where it is held.
     *
     * @param trailers of the plan's commit
     */
    Verdict judge(Plan plan, List<Guards.Finding> findings, Revision commit, List<String> trailers) throws IOException {
        if (findings.isEmpty()) {
            return new Verdict.Free(Optional.empty());
        }
        if (trailers.stream()
                .flatMap(t -> List.of(t.strip().split("[\\s,]+")).stream())
                .anyMatch(stack::equals)) {
            return new Verdict.Free(Optional.of("commit " + commit.shortCommit()));
        }
        var guards = findings.stream().map(Guards.Finding::guard).toList();
        var id = PlanId.of(plan, guards).text();
        var approval = decisions.approval(stack).filter(a -> a.plan().equals(id));
        if (approval.isPresent()) {
            return new Verdict.Free(Optional.of(approval.get().by()));
        }
        var before = decisions.held(stack).filter(held -> held.id().equals(id));
        var held = new HeldPlan(
                id,
                Optional.of(commit.commit()),
                Optional.of(commit.subject()),
                guards.stream().map(Guard::word).toList(),
                findings.stream().map(Guards.Finding::sentence).toList(),
                new PlanText(false).operations(plan),
                before.map(HeldPlan::since).orElse(clock.instant()));
        if (!before.equals(Optional.of(held))) {
            decisions.hold(stack, held);
        }
        return new Verdict.Held(held, before.isEmpty());
    }

    /** What to do about a held plan, for people. */
    String sentence(HeldPlan held) {
        return "plan " + held.id() + " is held: " + String.join("; ", held.reasons())
                + ". If that is meant: 'lockstep approve " + stack + "', or a commit with the trailer '" + TRAILER
                + ": " + stack + "'";
    }
}
