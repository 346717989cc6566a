package dev.lockstep.reconciler.desired;

import dev.lockstep.spec.model.Dependency;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A service on this host.
 *
 * @param slots by number; none when it is scaled to zero here
 * @param dependsOn by the other service's name
 */
public record DesiredService(String name, List<DesiredContainer> slots, Map<String, Dependency> dependsOn) {
    public DesiredService {
        slots = List.copyOf(slots);
        dependsOn = Collections.unmodifiableMap(new LinkedHashMap<>(dependsOn));
    }
}
