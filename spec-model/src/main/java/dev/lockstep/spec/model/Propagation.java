package dev.lockstep.spec.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How mounts below a bind mount become visible on its other side, mount_namespaces(7). */
public enum Propagation {
    PRIVATE,
    RPRIVATE,
    SHARED,
    RSHARED,
    SLAVE,
    RSLAVE;

    /** The word in Compose files. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads one of the words.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Propagation parse(String text) {
        for (var propagation : values()) {
            if (propagation.word().equals(text)) {
                return propagation;
            }
        }
        throw new IllegalArgumentException("\"" + text + "\" is not a kind of propagation. Write one of "
                + Arrays.stream(values()).map(Propagation::word).collect(Collectors.joining(", ")));
    }
}
