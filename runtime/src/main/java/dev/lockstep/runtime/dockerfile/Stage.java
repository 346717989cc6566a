package dev.lockstep.runtime.dockerfile;

import java.util.List;
import java.util.Optional;

/**
 * A {@code FROM} and what follows it.
 *
 * @param index from 0
 * @param written of the {@code FROM}
 * @param name in lower case, as stages are found
 * @param nameWritten the same as it is written
 * @param as the word before the name as it is written; empty if the stage has no name
 * @param base image or stage, with its variables
 * @param platform {@code --platform}, with its variables
 */
public record Stage(
        int index,
        Written written,
        String base,
        Optional<String> platform,
        Optional<String> name,
        String nameWritten,
        String as,
        List<Instruction> instructions) {
    public Stage {
        instructions = List.copyOf(instructions);
    }

    /** The name, or the number of a stage without one, as errors call it. */
    public String title() {
        return name.orElse(Integer.toString(index));
    }
}
