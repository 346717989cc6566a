package dev.lockstep.spec.yaml;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** What somebody may have meant who wrote an unknown word. */
public final class Suggestion {
    private Suggestion() {}

    /** The nearest known word, if it differs by about a third of its letters at most. */
    public static Optional<String> nearest(String written, Collection<String> known) {
        if (written.length() > 60) {
            return Optional.empty();
        }
        record Candidate(String word, int distance) {}
        return known.stream()
                // The distance is at least the difference of lengths: a file may have very many unknown words.
                .filter(word -> Math.abs(written.length() - word.length()) <= farthest(written, word))
                .map(word -> new Candidate(word, distance(written, word)))
                .filter(c -> c.distance <= farthest(written, c.word))
                // "a" for "b" has no letter in common.
                .filter(c -> c.distance < Math.max(written.length(), c.word.length()))
                .min(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::word))
                .map(Candidate::word);
    }

    private static int farthest(String written, String word) {
        return Math.max(1, Math.min(written.length(), word.length()) / 3);
    }

    /** {@code unknown key. Did you mean "ports"?}. */
    public static String unknownKey(String written, Collection<String> known) {
        return "unknown key"
                + nearest(written, known)
                        .map(w -> ". Did you mean \"" + w + "\"?")
                        .orElse("");
    }

    /** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
    private static int distance(String a, String b) {
        var d = new int[a.length() + 1][b.length() + 1];
        for (var i = 0; i <= a.length(); i++) {
            for (var j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                var replace = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + replace, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
