package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.SourceRange;

/** Takes what rules find. */
interface Sink {
    /**
     * Takes one.
     *
     * @param id of a rule in {@link RuleSet}
     */
    void add(String id, SourceRange at, String message);

    /** About an instruction as a whole. */
    default void add(String id, Instruction instruction, String message) {
        add(id, instruction.written().at(), message);
    }
}
