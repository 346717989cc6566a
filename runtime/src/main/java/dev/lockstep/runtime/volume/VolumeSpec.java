package dev.lockstep.runtime.volume;

import dev.lockstep.runtime.store.Owner;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is asked of a volume.
 *
 * @param name unique in the root; Docker's rule for names
 */
public record VolumeSpec(String name, Owner owner, Map<String, String> labels) {
    public VolumeSpec {
        checkName(name);
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }

    /** @throws IllegalArgumentException for what is no name of a volume */
    static void checkName(String name) {
        if (!name.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}")) {
            throw new IllegalArgumentException("invalid volume name \"" + name + "\"");
        }
    }
}
