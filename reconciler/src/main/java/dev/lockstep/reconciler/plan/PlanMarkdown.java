package dev.lockstep.reconciler.plan;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A plan as a comment on a pull request. Names and values come from strangers: each stands in a code span, where
 * nothing is a link, a mention, an image or HTML (CommonMark, Code spans).
 */
public final class PlanMarkdown {
    /** Less than the 65536 characters that GitHub takes as one comment, in bytes to be on the safe side. */
    public static final int LARGEST = 62_000;

    /** One value longer than this would push everything else out of the comment. */
    private static final int LONGEST_SPAN = 500;

    private final int largest;

    public PlanMarkdown() {
        this(LARGEST);
    }

    /** @param largest bytes of UTF-8 */
    public PlanMarkdown(int largest) {
        this.largest = largest;
    }

    /** The comment, ending with a newline; what does not fit is counted instead of shown. */
    public String print(Plan plan) {
        var head = "### Lockstep: stack " + code(plan.stack()) + " on host " + code(plan.host()) + "\n\n"
                + plan.revision().map(r -> "Commit " + code(r) + "\n\n").orElse("");
        var tail = tail(plan);
        var room = largest - bytes(head) - bytes(tail) - bytes(left(Integer.MAX_VALUE));
        var shown = new StringBuilder(head);
        var steps = plan.steps();
        for (var i = 0; i < steps.size(); i++) {
            var block = block(steps.get(i));
            room -= bytes(block);
            if (room < 0) {
                return shown.append(left(steps.size() - i)).append(tail).toString();
            }
            shown.append(block);
        }
        return shown.append(tail).toString();
    }

    private static String left(int steps) {
        return "- … and " + steps + " more; `lockstep plan` shows all\n";
    }

    private static String block(Step step) {
        var words = OperationWords.of(step.operation());
        var block = new StringBuilder("- " + code(words.symbol()) + " " + words.kind() + " "
                + code(step.operation().name()) + ": " + words.action() + note(step.operation()) + "\n");
        step.causes().forEach(cause -> block.append("  - ").append(cause(cause)).append("\n"));
        return block.toString();
    }

    private static String note(Operation operation) {
        return switch (operation) {
            case Operation.UpdateContainer update ->
                " in place, it " + (update.running() ? "keeps running" : "does not run");
            case Operation.ReplaceContainer replace
            when replace.startFirst() -> ", without downtime: the new one starts beside the old one";
            case Operation.ReplaceContainer _ -> ", down from the old one's end to the new one's start";
            case Operation.ReplaceNetwork _ -> ", its containers keep running and lose addresses and open connections";
            case Operation.RemoveVolume _ -> ". **All data in it is destroyed**";
            case Operation.PullImage pull ->
                ", " + pull.digest().map(digest -> code(digest.abbreviated())).orElse("digest known after pull");
            case Operation.BuildImage build -> ", " + code(build.why());
            case Operation.CreateContainer create ->
                " from "
                        + code(ImageNames.listed(
                                create.spec().image(), create.spec().digest()));
            case Operation.CreateNetwork _,
                    Operation.UpdateNetwork _,
                    Operation.RepairNetwork _,
                    Operation.RemoveNetwork _,
                    Operation.CreateVolume _,
                    Operation.UpdateVolume _,
                    Operation.StartContainer _,
                    Operation.RestartContainer _,
                    Operation.StopContainer _,
                    Operation.RemoveContainer _ -> "";
        };
    }

    private static String cause(Cause cause) {
        var field = cause.field().isEmpty() ? "" : code(cause.field()) + ": ";
        var change = cause.before().isEmpty()
                ? code(cause.after())
                : cause.after().isEmpty()
                        ? code(cause.before()) + (cause.field().isEmpty() ? "" : " → nothing")
                        : code(ImageNames.shortened(cause.before())) + " → "
                                + code(ImageNames.shortened(cause.after()))
                                + cause.because()
                                        .map(because -> ", pulled because of " + code(because))
                                        .orElse("");
        var where = cause.kind() == Cause.Kind.DRIFT
                ? " (changed on the host)"
                : cause.at()
                        .map(OriginText::of)
                        .filter(origin -> !origin.isEmpty())
                        .map(origin -> " (" + code(origin)
                                + cause.commit()
                                        .map(commit -> ", commit " + code(commit.shown()))
                                        .orElse("") + ")")
                        .orElse("");
        return field + change + where;
    }

    /** A line below the actions; where not all of them fit, what weighs less than others is left out. */
    private record Line(Weight weight, String text) {}

    private enum Weight {
        /** What nobody gets back, and why the plan is not applied. */
        LOUD,
        WARNING,
        DOWNTIME
    }

    private String tail(Plan plan) {
        var lines = new ArrayList<Line>();
        plan.effects()
                .downtimes()
                .forEach((service, downtime) -> lines.add(new Line(
                        Weight.DOWNTIME,
                        "**Downtime** of " + code(service) + ": " + Effects.words(downtime) + "\n\n")));
        plan.effects()
                .destroyedInWords()
                .forEach(what -> lines.add(new Line(Weight.LOUD, "**Destroyed:** " + code(what) + "\n\n")));
        plan.warnings().forEach(w -> lines.add(new Line(Weight.WARNING, "**Warning:** " + code(w) + "\n\n")));
        plan.problems()
                .forEach(p -> lines.add(new Line(
                        Weight.LOUD,
                        (plan.waits().contains(p) ? "**Waiting:** " : "**Error:** ") + code(PlanText.sentence(p))
                                + "\n\n")));
        plan.refusals().forEach(r -> lines.add(new Line(Weight.LOUD, "**Refused:** " + code(r) + "\n\n")));
        var last = plan.isEmpty() && plan.problems().isEmpty() ? "**No changes.**" : "**" + PlanText.last(plan) + "**";
        return "\n" + capped(lines) + last + "\n";
    }

    /** The lines in their order, as many as fit into a quarter of the comment. */
    private String capped(List<Line> lines) {
        var room = Math.min(LARGEST, largest) / 4;
        var shown = new TreeSet<Integer>();
        for (var weight : Weight.values()) {
            for (var i = 0; i < lines.size(); i++) {
                var line = lines.get(i);
                if (line.weight() == weight && bytes(line.text()) <= room) {
                    room -= bytes(line.text());
                    shown.add(i);
                }
            }
        }
        var left = lines.size() - shown.size();
        return shown.stream().map(i -> lines.get(i).text()).collect(Collectors.joining())
                + (left == 0 ? "" : "… and " + left + " more lines; `lockstep plan` shows all\n\n");
    }

    /** A code span that shows exactly that text: its fence is longer than any run of backticks within. */
    public static String code(String text) {
        var safe = Printable.text(text);
        if (safe.codePointCount(0, safe.length()) > LONGEST_SPAN) {
            safe = safe.substring(0, safe.offsetByCodePoints(0, LONGEST_SPAN)) + "…";
        }
        if (safe.isBlank()) {
            return "(empty)";
        }
        var fence = "`".repeat(longestRun(safe) + 1);
        // One space on both sides is taken away again, but only if there is one on both.
        var padded = safe.startsWith("`") || safe.endsWith("`") || safe.startsWith(" ") && safe.endsWith(" ");
        return fence + (padded ? " " + safe + " " : safe) + fence;
    }

    private static int longestRun(String text) {
        var longest = 0;
        var run = 0;
        for (var i = 0; i < text.length(); i++) {
            run = text.charAt(i) == '`' ? run + 1 : 0;
            longest = Math.max(longest, run);
        }
        return longest;
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
