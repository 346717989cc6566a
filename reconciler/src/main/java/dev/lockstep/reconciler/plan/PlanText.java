package dev.lockstep.reconciler.plan;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.network.NetworkSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** A plan as a reviewer reads it in seconds. */
public final class PlanText {
    private static final String GREEN = "\u001b[32m";
    private static final String YELLOW = "\u001b[33m";
    private static final String RED = "\u001b[31m";
    private static final String RESET = "\u001b[0m";

    private final boolean colour;

    /** @param colour whether the reader is a terminal that wants colours */
    public PlanText(boolean colour) {
        this.colour = colour;
    }

    /** The whole plan, ending with a newline. */
    public String print(Plan plan) {
        var lines = new ArrayList<String>();
        lines.add("Host " + plan.host() + ", stack " + plan.stack()
                + plan.revision().map(r -> ", commit " + Printable.text(r)).orElse(""));
        if (!plan.isEmpty()) {
            lines.add("");
        }
        for (var step : plan.steps()) {
            lines.add(head(step));
            step.causes().forEach(c -> lines.add(cause(c)));
        }
        if (!plan.effects().equals(Effects.NONE)
                || !plan.warnings().isEmpty()
                || !plan.problems().isEmpty()
                || !plan.refusals().isEmpty()) {
            lines.add("");
        }
        effects(plan.effects(), lines);
        plan.warnings().forEach(w -> lines.add(paint(YELLOW, "Warning: ") + Printable.text(w)));
        plan.problems()
                .forEach(p -> lines.add((plan.waits().contains(p) ? paint(YELLOW, "Waiting: ") : paint(RED, "Error: "))
                        + Printable.text(sentence(p))));
        plan.refusals().forEach(r -> lines.add(paint(RED, "Refused: ") + Printable.text(r)));
        lines.add("");
        lines.add(last(plan));
        return String.join("\n", lines) + "\n";
    }

    private void effects(Effects effects, List<String> lines) {
        effects.downtimes()
                .forEach((service, downtime) ->
                        lines.add("Downtime of " + Printable.text(service) + ": " + Effects.words(downtime)));
        effects.destroyedInWords().forEach(what -> lines.add(paint(RED, "Destroyed: ") + Printable.text(what)));
    }

    /** One line for each operation, without causes: for the history. */
    public List<String> operations(Plan plan) {
        return plan.steps().stream().map(step -> head(step).strip()).toList();
    }

    static String sentence(dev.lockstep.spec.yaml.Problem problem) {
        return problem.at().isDefault() ? problem.message() : problem.toString();
    }

    /** {@code Plan: 1 to create, …}, or that there is nothing to do. */
    public static String last(Plan plan) {
        if (plan.isEmpty() && !plan.problems().isEmpty() && plan.waits().containsAll(plan.problems())) {
            return "Nothing is changed before it is built.";
        }
        if (plan.isEmpty() && !plan.problems().isEmpty()) {
            return "Nothing can be changed before "
                    + (plan.problems().size() == 1 ? "that error is" : "those errors are") + " put right.";
        }
        if (plan.isEmpty()) {
            return "No changes. Host " + plan.host() + " runs stack " + plan.stack() + " as it should.";
        }
        var s = plan.summary();
        var parts = new ArrayList<String>();
        parts.add(s.create() + " to create");
        parts.add(s.update() + " to update in place");
        parts.add(s.replace() + " to replace");
        if (s.start() > 0) {
            parts.add(s.start() + " to start");
        }
        parts.add(s.remove() + " to remove");
        return "Plan: " + String.join(", ", parts) + "."
                + (s.pull() > 0 ? " " + s.pull() + " image" + (s.pull() == 1 ? "" : "s") + " to pull." : "")
                + (s.build() > 0 ? " " + s.build() + " image" + (s.build() == 1 ? "" : "s") + " to build." : "")
                + (plan.refusals().isEmpty() ? "" : " Nothing of it is done as long as it is refused.");
    }

    private String head(Step step) {
        var operation = step.operation();
        var name = Printable.text(operation.name());
        return switch (operation) {
            case Operation.PullImage p ->
                line(
                        GREEN,
                        "+",
                        "image",
                        name,
                        p.digest().map(d -> "pull " + d.abbreviated()).orElse("pull, digest known after pull"));
            case Operation.BuildImage b -> line(GREEN, "+", "image", name, "build: " + Printable.text(b.why()));
            case Operation.CreateNetwork n -> line(GREEN, "+", "network", name, subnets(n.spec()));
            case Operation.UpdateNetwork _ -> line(YELLOW, "~", "network", name, "record only");
            case Operation.RepairNetwork _ -> line(YELLOW, "~", "network", name, "put right");
            case Operation.ReplaceNetwork _ ->
                line(
                        YELLOW,
                        "-/+",
                        "network",
                        name,
                        "its containers keep running, lose addresses and open connections");
            case Operation.RemoveNetwork _ -> line(RED, "-", "network", name, "");
            case Operation.CreateVolume _ -> line(GREEN, "+", "volume", name, "");
            case Operation.UpdateVolume _ -> line(YELLOW, "~", "volume", name, "record only");
            case Operation.RemoveVolume _ -> line(RED, "-", "volume", name, "ALL DATA IN IT IS DESTROYED");
            case Operation.CreateContainer c ->
                line(
                        GREEN,
                        "+",
                        "container",
                        name,
                        ImageNames.listed(c.spec().image(), c.spec().digest())
                                + ports(c.spec().ports()));
            case Operation.ReplaceContainer replace ->
                line(
                        YELLOW,
                        "-/+",
                        "container",
                        name,
                        (replace.startFirst()
                                        ? "replaced: no downtime, the new one starts beside the old one"
                                        : "replaced: down from the old one's end to the new one's start")
                                + turn(step));
            case Operation.UpdateContainer update ->
                line(
                        YELLOW,
                        "~",
                        "container",
                        name,
                        "in place, it " + (update.running() ? "keeps running" : "does not run"));
            case Operation.StartContainer _ -> line(GREEN, ">", "container", name, "start");
            case Operation.RestartContainer _ -> line(YELLOW, ">", "container", name, "restart");
            case Operation.StopContainer _ -> line(YELLOW, "-", "container", name, "stop");
            case Operation.RemoveContainer _ -> line(RED, "-", "container", name, "stop and remove");
        };
    }

    /** In which of several groups it is changed. */
    private static String turn(Step step) {
        return step.turn()
                .filter(turn -> turn.groups() > 1)
                .map(turn -> ", group " + turn.group() + " of " + turn.groups())
                .orElse("");
    }

    private static String ports(List<? extends Object> ports) {
        return ports.isEmpty() ? "" : ports.stream().map(Object::toString).collect(Collectors.joining(", ", ", ", ""));
    }

    private String line(String tint, String symbol, String kind, String name, String note) {
        return paint(tint, "%5s".formatted(symbol)) + " " + kind + " " + name
                + (note.isEmpty() ? "" : "  (" + Printable.text(note) + ")");
    }

    private static String cause(Cause cause) {
        var change = cause.before().isEmpty()
                ? cause.after()
                : cause.after().isEmpty()
                        ? cause.before() + (cause.field().isEmpty() ? "" : " → (none)")
                        : cause.before() + " → " + cause.after();
        var text = moved(cause)
                .orElse((cause.field().isEmpty() ? "" : cause.field() + ": ") + ImageNames.shortened(change));
        var where = cause.kind() == Cause.Kind.DRIFT
                ? "changed on the host"
                : cause.at().map(OriginText::of).orElse("");
        if (cause.kind() == Cause.Kind.CONTENT) {
            where = "content changed, " + where;
        }
        where += cause.commit().map(c -> "; " + c.shown()).orElse("");
        return "          " + Printable.text(text) + (where.isEmpty() ? "" : "   [" + Printable.text(where) + "]");
    }

    /** A tag that means another image than it did, although nobody changed a file. */
    private static Optional<String> moved(Cause cause) {
        var after = cause.after().split("@", 2);
        var before = cause.before().split("@", 2);
        return cause.because()
                .filter(_ -> after.length == 2 && before.length == 2)
                .map(because -> "image " + after[0] + " now means " + shortened(after[1]) + " (was "
                        + shortened(before[1]) + "), pulled because of " + because);
    }

    private static String shortened(String digest) {
        return Digest.parse(digest).abbreviated();
    }

    private String paint(String tint, String text) {
        return colour ? tint + text + RESET : text;
    }

    private static String subnets(NetworkSpec network) {
        var ranges = network.subnets().stream().map(s -> s.range().toString()).toList();
        return ranges.isEmpty() ? "" : (ranges.size() == 1 ? "subnet " : "subnets ") + String.join(", ", ranges);
    }
}
