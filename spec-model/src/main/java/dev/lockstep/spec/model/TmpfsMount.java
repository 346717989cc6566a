package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * Memory mounted at a path, as {@code tmpfs} has it.
 *
 * @param target a path in the container
 * @param options of mount(8), with commas between; empty for none
 */
public record TmpfsMount(String target, Optional<String> options) {
    /** Reads {@code PATH[:OPTIONS]}. */
    public static TmpfsMount parse(String text) {
        var colon = text.indexOf(':');
        return colon < 0
                ? new TmpfsMount(text, Optional.empty())
                : new TmpfsMount(text.substring(0, colon), Optional.of(text.substring(colon + 1)));
    }

    @Override
    public String toString() {
        return target + options.map(o -> ":" + o).orElse("");
    }
}
