package dev.lockstep.reconciler.review;

import dev.lockstep.reconciler.plan.PlanMarkdown;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;

/** A review as one comment on a pull request. What does not fit is left out by whole stacks first, then by actions. */
public final class ReviewMarkdown {
    /** Less room than this is not worth a part of a plan. */
    private static final int LEAST = 2_000;

    private final int largest;

    public ReviewMarkdown() {
        this(PlanMarkdown.LARGEST);
    }

    /** @param largest bytes of UTF-8 */
    ReviewMarkdown(int largest) {
        this.largest = largest;
    }

    /** The comment, ending with a newline. */
    public String print(Review review) {
        var text = new StringBuilder("## Lockstep: from " + PlanMarkdown.code(review.base()) + " to "
                + PlanMarkdown.code(review.head()) + "\n\n");
        var end = "**" + ReviewText.last(review) + "**\n";
        var room = largest - bytes(text.toString()) - bytes(end) - bytes(left(Integer.MAX_VALUE, Integer.MAX_VALUE));
        // Warnings come before what they warn of.
        var above = above(review, room / 4);
        room -= bytes(above);
        text.append(above);
        var plans = review.plans();
        for (var i = 0; i < plans.size(); i++) {
            var whole = new PlanMarkdown(Integer.MAX_VALUE).print(plans.get(i)) + "\n";
            if (bytes(whole) > room) {
                var cut = room < LEAST ? "" : new PlanMarkdown(room - 1).print(plans.get(i)) + "\n";
                var rest = plans.subList(cut.isEmpty() ? i : i + 1, plans.size());
                text.append(cut);
                if (!rest.isEmpty()) {
                    text.append(left(
                            rest.size(),
                            rest.stream().mapToInt(plan -> plan.steps().size()).sum()));
                }
                break;
            }
            room -= bytes(whole);
            text.append(whole);
        }
        return text + end;
    }

    /** As many as there is room for; how hosts are known comes last, since there may be many of them. */
    private static String above(Review review, int room) {
        var lines = new ArrayList<String>();
        review.moves().forEach(move -> lines.add("**Warning:** " + PlanMarkdown.code(move.sentence()) + "\n\n"));
        review.problems().forEach(problem -> lines.add("**Error:** " + PlanMarkdown.code(problem.toString()) + "\n\n"));
        review.notes().forEach(note -> lines.add(PlanMarkdown.code(note) + "\n\n"));
        var shown = new StringBuilder();
        for (var i = 0; i < lines.size(); i++) {
            // The first one in any case.
            if (i > 0 && bytes(shown + lines.get(i)) > room) {
                return shown.append("… and more\n\n").toString();
            }
            shown.append(lines.get(i));
        }
        return shown.toString();
    }

    private static String left(int stacks, int actions) {
        return "… and " + stacks + " more stacks with " + actions + " actions; `lockstep diff` shows all\n\n";
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
