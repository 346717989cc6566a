package dev.lockstep.spec.model;

import java.util.Optional;

/**
 * Another service or container under a further name.
 *
 * @param target a service of the project ({@code links}), or a container of others ({@code external_links})
 * @param alias the name; the target's own when empty
 */
public record Link(String target, Optional<String> alias) {
    /** Reads {@code TARGET[:ALIAS]}. */
    public static Link parse(String text) {
        var colon = text.indexOf(':');
        return colon < 0
                ? new Link(text, Optional.empty())
                : new Link(text.substring(0, colon), Optional.of(text.substring(colon + 1)));
    }

    @Override
    public String toString() {
        return target + alias.map(a -> ":" + a).orElse("");
    }
}
