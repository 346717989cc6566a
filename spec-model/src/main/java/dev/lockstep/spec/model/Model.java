package dev.lockstep.spec.model;

import java.util.List;
import java.util.Optional;

/**
 * A language model that the project declares.
 *
 * @param key its name inside the project
 * @param name its own name, where the file gives one
 * @param model the reference of what is run
 * @param contextSize in tokens
 * @param runtimeFlags for the engine that runs it
 */
public record Model(
        String key, Optional<String> name, String model, Optional<Long> contextSize, List<String> runtimeFlags) {
    public Model {
        runtimeFlags = List.copyOf(runtimeFlags);
    }
}
