package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/**
 * An entry of the top-level {@code configs}.
 *
 * @param key its name inside the project
 * @param name {@code PROJECT_KEY} unless the file sets one; the bare key when external
 */
public record Config(
        String key, String name, FileContent content, Map<String, String> labels, Optional<String> templateDriver) {
    public Config {
        labels = Copies.ordered(labels);
    }
}
