package dev.lockstep.runtime.network;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Elements that come to a set or map of one of our tables, or go from it.
 *
 * @param set its name
 */
record SetChange(Verb verb, String set, List<SetElement> elements) {
    /** What happens to them. */
    enum Verb {
        ADD,
        DELETE
    }

    SetChange {
        elements = List.copyOf(elements);
    }

    /**
     * Elements by the set or map that they are of, each once: first those of {@code order}, then others as they came.
     */
    static final class Sorted {
        private final Map<String, Set<SetElement>> sets = new LinkedHashMap<>();

        Sorted(Collection<String> order) {
            order.forEach(set -> sets.put(set, new LinkedHashSet<>()));
        }

        void put(String set, SetElement element) {
            sets.computeIfAbsent(set, _ -> new LinkedHashSet<>()).add(element);
        }

        /** One change for each set that has elements. */
        List<SetChange> changes(Verb verb) {
            return sets.entrySet().stream()
                    .filter(set -> !set.getValue().isEmpty())
                    .map(set -> new SetChange(verb, set.getKey(), List.copyOf(set.getValue())))
                    .toList();
        }
    }
}
