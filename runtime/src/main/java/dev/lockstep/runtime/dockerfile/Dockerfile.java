package dev.lockstep.runtime.dockerfile;

import java.util.List;

/**
 * A Dockerfile that can be read.
 *
 * @param globals the {@code ARG}s before the first stage
 * @param stages at least one
 */
public record Dockerfile(SourceText source, Directives directives, List<Instruction.Arg> globals, List<Stage> stages) {
    public Dockerfile {
        globals = List.copyOf(globals);
        stages = List.copyOf(stages);
        if (stages.isEmpty()) {
            throw new IllegalArgumentException("a Dockerfile has a stage");
        }
    }

    /** For its words. */
    public Words words() {
        return new Words(directives.escape());
    }
}
