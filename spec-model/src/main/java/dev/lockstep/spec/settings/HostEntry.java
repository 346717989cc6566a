package dev.lockstep.spec.settings;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What {@code lockstep.yaml} says about one host. */
public record HostEntry(Map<String, String> labels, Optional<Suspension> suspension) {
    /** What holds for a host that the file does not name. */
    public static final HostEntry NONE = new HostEntry(Map.of(), Optional.empty());

    public HostEntry {
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }
}
