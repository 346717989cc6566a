package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.build.StepFailedException;
import java.util.Optional;
import java.util.function.Consumer;

/** Why a build or a test of it failed. */
final class Reason {
    private Reason() {}

    /** The reason in one sentence; what a person needs to see of it is in the log. */
    static String of(Exception thrown, Consumer<String> log) {
        return switch (thrown) {
            case StepFailedException step -> {
                step.excerpt().lines().forEach(line -> log.accept(Printable.text(line)));
                yield step.excerpt()
                                .lines()
                                .findFirst()
                                .orElse("line " + step.at().line())
                        + ": " + Printable.text(String.valueOf(step.getMessage()));
            }
            default -> {
                var message = Optional.ofNullable(thrown.getMessage()).orElse(thrown.toString());
                // Excerpts have lines of their own, the last of which is the reason.
                message.lines().forEach(line -> log.accept(Printable.text(line)));
                yield message.lines()
                        .map(String::strip)
                        .filter(line -> !line.isEmpty())
                        .reduce((_, later) -> later)
                        .map(Printable::text)
                        .orElse("no reason is known");
            }
        };
    }
}
