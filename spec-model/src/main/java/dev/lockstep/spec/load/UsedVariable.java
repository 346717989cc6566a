package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.SourcePosition;

/**
 * A variable that the files of a project ask for.
 *
 * @param required true where a file cannot be read without it
 * @param defaultValue what stands for it when it is missing, as written; empty if there is nothing
 * @param alternative what stands for it when it is set, as written; empty for its own value
 * @param at the first place that asks for it
 */
public record UsedVariable(String name, boolean required, String defaultValue, String alternative, SourcePosition at) {}
