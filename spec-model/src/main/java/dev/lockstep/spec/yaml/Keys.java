package dev.lockstep.spec.yaml;

import java.util.Set;

/**
 * The keys that one kind of mapping may have.
 *
 * @param known those that are read
 * @param later those that the format has as well and that are refused for now
 */
public record Keys(Set<String> known, Set<String> later) {
    public Keys {
        known = Set.copyOf(known);
        later = Set.copyOf(later);
    }

    /** Both sets as words with blanks between. */
    public static Keys of(String known, String later) {
        return new Keys(words(known), words(later));
    }

    private static Set<String> words(String text) {
        return text.isEmpty() ? Set.of() : Set.of(text.split(" ", -1));
    }
}
