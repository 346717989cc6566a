package dev.lockstep.reconciler.review;

import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.spec.yaml.Problem;
import java.util.List;

/**
 * What a range of commits means.
 *
 * @param base the older commit, for people
 * @param head the newer one
 * @param plans of every stack on every host that changes, by host and stack
 * @param unchanged how many stacks stay as they are, counted on each host
 * @param moves stacks that change hosts
 * @param notes how the hosts are known
 * @param problems what is wrong with the files of the newer commit; stacks that it concerns are not in the plans
 */
public record Review(
        String base,
        String head,
        List<Plan> plans,
        int unchanged,
        List<Move> moves,
        List<String> notes,
        List<Problem> problems) {
    public Review {
        plans = List.copyOf(plans);
        moves = List.copyOf(moves);
        notes = List.copyOf(notes);
        problems = List.copyOf(problems);
    }

    /** Whether nothing changes anywhere. */
    public boolean isEmpty() {
        return plans.isEmpty();
    }

    /** Whether something is wrong with the newer commit: with its files, or with what a host would have to do. */
    public boolean hasErrors() {
        return !problems.isEmpty()
                || plans.stream().anyMatch(plan -> !plan.problems().isEmpty());
    }

    /** The same with other notes. */
    public Review withNotes(List<String> others) {
        return new Review(base, head, plans, unchanged, moves, others, problems);
    }

    /** The same with its plans explained better. */
    public Review withPlans(List<Plan> better) {
        return new Review(base, head, better, unchanged, moves, notes, problems);
    }
}
