package dev.lockstep.reconciler.agent;

import dev.lockstep.spec.settings.Guard;
import dev.lockstep.spec.settings.Window;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What a commit's {@code lockstep.yaml} says of when and how one stack is changed.
 *
 * @param windows the times at which it may be, by name; none: at any time
 * @param approved guards that do not hold its plans
 */
record StackRules(Map<String, Window> windows, Set<Guard> approved) {
    static final StackRules NONE = new StackRules(Map.of(), Set.of());

    StackRules {
        windows = Collections.unmodifiableMap(new LinkedHashMap<>(windows));
        approved = Set.copyOf(approved);
    }
}
