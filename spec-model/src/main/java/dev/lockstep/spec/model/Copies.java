package dev.lockstep.spec.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Immutable copies that, unlike {@link Map#copyOf}, keep the order of the file. */
final class Copies {
    private Copies() {}

    static <V> Map<String, V> ordered(Map<String, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
}
