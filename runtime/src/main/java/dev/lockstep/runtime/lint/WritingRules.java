package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Written;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How a file is written: cases, gaps, comments. */
final class WritingRules {
    private WritingRules() {}

    static void check(View view, Sink sink) {
        view.warnings().stream()
                .filter(warning -> warning.message().startsWith("Empty continuation line"))
                .forEach(warning -> sink.add("NoEmptyContinuation", warning.at(), warning.message()));
        casing(view, sink);
        pairs(view, sink);
        descriptions(view, sink);
    }

    private static List<Written> all(View view) {
        var all = new ArrayList<Written>();
        view.file().globals().forEach(arg -> all.add(arg.written()));
        for (var stage : view.stages()) {
            all.add(stage.written());
            stage.instructions().forEach(i -> all.add(i.written()));
        }
        return all;
    }

    private static void casing(View view, Sink sink) {
        var all = all(view);
        var upper = all.stream().filter(w -> isUpper(w.keyword())).count();
        var lower = all.stream().filter(w -> isLower(w.keyword())).count();
        var wantUpper = upper >= lower;
        for (var written : all) {
            if (wantUpper ? !isUpper(written.keyword()) : !isLower(written.keyword())) {
                sink.add(
                        "ConsistentInstructionCasing",
                        written.at(),
                        "Command '" + written.keyword() + "' should match the case of the command majority ("
                                + (wantUpper ? "uppercase" : "lowercase") + ")");
            }
        }
    }

    static boolean isUpper(String word) {
        return word.equals(word.toUpperCase(Locale.ROOT));
    }

    static boolean isLower(String word) {
        return word.equals(word.toLowerCase(Locale.ROOT));
    }

    private static void pairs(View view, Sink sink) {
        for (var stage : view.stages()) {
            for (var instruction : stage.instructions()) {
                var pairs = switch (instruction) {
                    case Instruction.Env env -> env.pairs();
                    case Instruction.Label label -> label.pairs();
                    default -> List.<Instruction.Pair>of();
                };
                if (pairs.stream().anyMatch(Instruction.Pair::spaced)) {
                    sink.add(
                            "LegacyKeyValueFormat",
                            instruction,
                            "\"" + instruction.name() + " key=value\" should be used instead of legacy \""
                                    + instruction.name() + " key value\" format");
                }
            }
        }
    }

    private static void descriptions(View view, Sink sink) {
        for (var arg : view.file().globals()) {
            description(arg.written(), arg.declarations().getFirst().name(), "ARG", sink);
        }
        for (var stage : view.stages()) {
            stage.name().ifPresent(name -> description(stage.written(), stage.nameWritten(), "FROM", sink));
        }
    }

    private static void description(Written written, String name, String kind, Sink sink) {
        var comments = written.comments().stream()
                .filter(c -> !c.toLowerCase(Locale.ROOT).matches("(hadolint|lockstep|syntax|escape|check)\\b.*"))
                .toList();
        if (!comments.isEmpty() && !comments.getLast().startsWith(name + " ")) {
            sink.add(
                    "InvalidDefinitionDescription",
                    written.at(),
                    "Comment for " + kind + " should follow the format: `# " + name + " <description>`");
        }
    }
}
