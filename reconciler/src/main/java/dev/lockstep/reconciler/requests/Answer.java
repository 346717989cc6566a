package dev.lockstep.reconciler.requests;

import java.util.List;

/**
 * What the agent answers.
 *
 * @param exitCode what the command ends with
 * @param lines what the command prints
 */
public record Answer(int exitCode, List<String> lines) {
    public Answer {
        lines = List.copyOf(lines);
    }

    public static Answer ok(String... lines) {
        return new Answer(0, List.of(lines));
    }

    public static Answer error(String... lines) {
        return new Answer(1, List.of(lines));
    }
}
