package dev.lockstep.spec.yaml;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The keys that one kind of mapping may have.
 *
 * @param known those that are read
 * @param mayBeNothing those of them that may stand there without a value, where a {@link Reading} refuses that
 */
public record Keys(Set<String> known, Set<String> mayBeNothing) {
    public Keys {
        known = Set.copyOf(known);
        mayBeNothing = Set.copyOf(mayBeNothing);
    }

    /** All that there are, as words with blanks between. */
    public static Keys of(String known) {
        return new Keys(words(known), Set.of());
    }

    /** The same keys, of which some may be without a value: words with blanks between. */
    public Keys mayBeNothing(String words) {
        return new Keys(known, words(words));
    }

    private static Set<String> words(String words) {
        return Arrays.stream(words.split(" ")).filter(word -> !word.isEmpty()).collect(Collectors.toSet());
    }
}
