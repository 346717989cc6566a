package dev.lockstep.spec.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Something else than a container that stands for a service.
 *
 * @param type which program makes it
 * @param options each with one value or several
 */
public record Provider(String type, Map<String, List<String>> options) {
    public Provider {
        var copies = new LinkedHashMap<String, List<String>>();
        options.forEach((name, values) -> copies.put(name, List.copyOf(values)));
        options = Copies.ordered(copies);
    }
}
