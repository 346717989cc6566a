package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/** Which stages a stage copies from or mounts, as far as the file alone says it. */
final class StageReferences {
    /**
     * A {@code --from} or {@code from=}.
     *
     * @param text as it is written
     */
    record Reference(Instruction instruction, String text) {}

    private StageReferences() {}

    static List<Reference> of(Instruction instruction) {
        return switch (instruction) {
            case Instruction.Copy copy ->
                copy.from().map(from -> List.of(new Reference(copy, from))).orElse(List.of());
            case Instruction.Run run ->
                run.mounts().stream()
                        .flatMap(mount -> mount.from().stream())
                        .filter(from -> !from.isEmpty())
                        .map(from -> new Reference(run, from))
                        .toList();
            default -> List.of();
        };
    }

    static OptionalInt number(String from) {
        return from.matches("\\d{1,6}") ? OptionalInt.of(Integer.parseInt(from)) : OptionalInt.empty();
    }

    /**
     * The stage that a name or a number means in stage {@code user}: the last of that name before it, else after it.
     */
    static OptionalInt find(List<Stage> stages, String from, int user) {
        var number = number(from);
        if (number.isPresent()) {
            return number.getAsInt() < stages.size() ? number : OptionalInt.empty();
        }
        var name = from.toLowerCase(Locale.ROOT);
        var found = OptionalInt.empty();
        for (var stage : stages) {
            if (stage.name().equals(Optional.of(name)) && (stage.index() < user || found.isEmpty())) {
                found = OptionalInt.of(stage.index());
            }
        }
        return found;
    }

    static String tooEarly(String from, Stage stage) {
        return "cannot copy from stage " + Shown.of(from) + ", it needs to be defined before current stage "
                + Shown.of(stage.title());
    }

    /** References to stages that are not there, and of stages to themselves. */
    static List<Problem> problems(List<Stage> stages) {
        var problems = new ArrayList<Problem>();
        for (var stage : stages) {
            for (var instruction : stage.instructions()) {
                for (var reference : of(instruction)) {
                    problem(stages, stage, reference).ifPresent(problems::add);
                }
            }
        }
        return problems;
    }

    private static Optional<Problem> problem(List<Stage> stages, Stage stage, Reference reference) {
        var at = reference.instruction().written().at();
        var found = find(stages, reference.text(), stage.index());
        if (found.isEmpty()) {
            return number(reference.text()).isEmpty() && !reference.text().matches("\\d+")
                    ? Optional.empty()
                    : Optional.of(Problem.of(at, "invalid stage index " + reference.text()));
        } else if (found.getAsInt() == stage.index()) {
            return Optional.of(Problem.of(at, "circular dependency detected on stage: " + stage.title()));
        }
        return Optional.empty();
    }

    /** Names that two stages have. */
    static List<Problem> warnings(List<Stage> stages) {
        var warnings = new ArrayList<Problem>();
        var seen = new HashMap<String, Stage>();
        for (var stage : stages) {
            stage.name()
                    .map(name -> seen.put(name, stage))
                    .ifPresent(first -> warnings.add(Problem.of(
                            stage.written().at(),
                            "Duplicate stage name " + Shown.of(stage.nameWritten())
                                    + ", stage names should be unique: line "
                                    + first.written().at().line() + " has it too")));
        }
        return warnings;
    }
}
