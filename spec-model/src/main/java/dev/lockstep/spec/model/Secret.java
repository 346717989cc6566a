package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/**
 * An entry of the top-level {@code secrets}.
 *
 * @param key its name inside the project
 * @param name {@code PROJECT_KEY} unless the file sets one; the bare key when external
 */
public record Secret(
        String key,
        String name,
        FileContent content,
        Map<String, String> labels,
        Optional<String> driver,
        Map<String, String> driverOptions,
        Optional<String> templateDriver) {
    public Secret {
        labels = Copies.ordered(labels);
        driverOptions = Copies.ordered(driverOptions);
    }
}
