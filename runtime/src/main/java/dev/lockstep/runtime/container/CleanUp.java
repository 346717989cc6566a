package dev.lockstep.runtime.container;

import java.util.List;

/**
 * What a crash had left behind, and what was done about it.
 *
 * @param actions one line each, for people
 */
public record CleanUp(List<String> actions) {
    public CleanUp {
        actions = List.copyOf(actions);
    }
}
