package dev.lockstep.reconciler.review;

import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.PlanText;
import dev.lockstep.reconciler.plan.Printable;
import java.util.ArrayList;
import java.util.stream.Collectors;

/** A review as people read it: host by host, stack by stack, and in the last line all of it counted. */
public final class ReviewText {
    private final PlanText plans;

    /** @param colour whether the reader is a terminal that wants colours */
    public ReviewText(boolean colour) {
        this.plans = new PlanText(colour);
    }

    /** The whole text, ending with a newline. */
    public String print(Review review) {
        var parts = new ArrayList<String>();
        parts.add("From " + Printable.text(review.base()) + " to " + Printable.text(review.head()) + "\n"
                + review.notes().stream()
                        .map(note -> Printable.text(note) + "\n")
                        .collect(Collectors.joining()));
        review.plans().forEach(plan -> parts.add(plans.print(plan)));
        var warnings = review.moves().stream()
                .map(move -> "Warning: " + Printable.text(move.sentence()) + "\n")
                .collect(Collectors.joining());
        if (!warnings.isEmpty()) {
            parts.add(warnings);
        }
        parts.add(last(review) + "\n");
        return String.join("\n", parts);
    }

    static String last(Review review) {
        var unchanged = review.unchanged() == 0
                ? ""
                : " " + stacks(review.unchanged()) + (review.unchanged() == 1 ? " stays" : " stay") + " as "
                        + (review.unchanged() == 1 ? "it is." : "they are.");
        if (review.isEmpty()) {
            return "No changes on any host." + unchanged;
        }
        var hosts = review.plans().stream().map(Plan::host).distinct().count();
        return "In all: " + stacks(review.plans().size()) + " on " + hosts + (hosts == 1 ? " host" : " hosts")
                + (review.plans().size() == 1 ? " changes" : " change") + "." + unchanged;
    }

    private static String stacks(int count) {
        return count + (count == 1 ? " stack" : " stacks");
    }
}
