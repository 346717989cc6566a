package dev.lockstep.runtime.volume;

import dev.lockstep.runtime.store.Owner;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What is asked of a volume.
 *
 * @param name unique in the root; Docker's rule for names
 * @param options of the local driver, in Docker's words; none for a directory of ours
 */
public record VolumeSpec(String name, Owner owner, Map<String, String> labels, Map<String, String> options) {
    /** @throws IllegalArgumentException for what is no name, and for options that say no mount */
    public VolumeSpec {
        checkName(name);
        // A record of an earlier version has none.
        options = Collections.unmodifiableMap(new LinkedHashMap<>(Objects.requireNonNullElse(options, Map.of())));
        LocalMount.of(options);
        labels = Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }

    /** A directory of ours. */
    public VolumeSpec(String name, Owner owner, Map<String, String> labels) {
        this(name, owner, labels, Map.of());
    }

    /** What is mounted while somebody uses it; empty for a directory of ours. */
    public Optional<LocalMount> mount() {
        return LocalMount.of(options);
    }

    /** The most bytes that it may hold; empty: as many as its file system has. */
    public Optional<Long> size() {
        return Optional.ofNullable(options.get("size")).map(VolumeSize::parse).filter(bytes -> bytes > 0);
    }

    /** @throws IllegalArgumentException for what is no name of a volume */
    static void checkName(String name) {
        if (!isName(name)) {
            throw new IllegalArgumentException("invalid volume name \"" + name + "\"");
        }
    }

    static boolean isName(String text) {
        return text.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}");
    }
}
