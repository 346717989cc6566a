package dev.lockstep.reconciler.decision;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A plan that is not carried out until a person agrees.
 *
 * @param id of the plan, {@link dev.lockstep.reconciler.plan.PlanId}
 * @param commit that brought it, whole
 * @param subject of the commit
 * @param guards that hold it, by their words
 * @param reasons a sentence for each guard
 * @param operations one line each, without secrets
 * @param since when it was first held
 */
public record HeldPlan(
        String id,
        Optional<String> commit,
        Optional<String> subject,
        List<String> guards,
        List<String> reasons,
        List<String> operations,
        Instant since) {
    private static final int SHORTEST = 4;

    public HeldPlan {
        guards = List.copyOf(guards);
        reasons = List.copyOf(reasons);
        operations = List.copyOf(operations);
    }

    /** Whether somebody who writes this means this plan: the beginning of its id or of its commit. */
    public boolean isMeantBy(String text) {
        return text.length() >= SHORTEST
                && (id.startsWith(text)
                        || commit.filter(c -> c.startsWith(text)).isPresent());
    }
}
