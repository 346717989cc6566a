package dev.lockstep.runtime.network;

import java.util.Collection;
import java.util.Comparator;

/** The word that was probably meant. */
final class Spelling {
    private Spelling() {}

    /** {@code ". Did you mean …?"}, or where nothing is near, what there is. */
    static String hint(String written, Collection<String> known) {
        return known.stream()
                .min(Comparator.<String>comparingInt(word -> distance(written, word))
                        .thenComparing(Comparator.naturalOrder()))
                .filter(word -> distance(written, word) <= Math.max(3, word.length() / 4))
                .map(word -> ". Did you mean \"" + word + "\"?")
                .orElse("; there are "
                        + String.join(", ", known.stream().sorted().toList()));
    }

    /** How many characters have to be changed, added or taken out (Levenshtein). */
    private static int distance(String a, String b) {
        var row = new int[b.length() + 1];
        for (var j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (var i = 1; i <= a.length(); i++) {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.length(); j++) {
                var above = row[j];
                row[j] = Math.min(
                        Math.min(above, row[j - 1]) + 1, diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
