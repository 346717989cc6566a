package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/**
 * What becomes of a container's output.
 *
 * @param driver the engine's own when empty
 */
public record Logging(Optional<String> driver, Map<String, String> options) {
    public Logging {
        options = Copies.ordered(options);
    }
}
