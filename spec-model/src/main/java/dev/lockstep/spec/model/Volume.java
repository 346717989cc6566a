package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/**
 * A volume that services mount.
 *
 * @param key its name inside the project
 * @param name its name on the host: {@code PROJECT_KEY} unless the file sets one; the bare key when external
 * @param external made by somebody else; it is used, never created or removed
 * @param driver as written; only {@code local} exists
 */
public record Volume(String key, String name, boolean external, Optional<String> driver, Map<String, String> labels) {
    public Volume {
        labels = Copies.ordered(labels);
    }
}
