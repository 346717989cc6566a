package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Stage;
import dev.lockstep.runtime.dockerfile.SubstitutionException;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Names of variables: which are near, which there are. */
final class Names {
    private Names() {}

    /** What FROM can see. */
    static Set<String> inFrom(View view) {
        var names = new LinkedHashSet<>(View.PLATFORM.keySet());
        view.file().globals().forEach(arg -> arg.declarations().forEach(d -> names.add(d.name())));
        return names;
    }

    /** What a FROM uses and cannot see. */
    static Set<String> undefined(View view, Stage stage) {
        var known = inFrom(view);
        var unset = new LinkedHashSet<String>();
        for (var text : stage.platform().map(p -> Set.of(p, stage.base())).orElse(Set.of(stage.base()))) {
            try {
                unset.addAll(
                        view.file().words().word(text, view.globals()::value).unset());
            } catch (SubstitutionException e) {
                // The builder says so.
            }
        }
        unset.removeIf(known::contains);
        return unset;
    }

    /** {@code (did you mean PATH?)} with a blank in front, or nothing. */
    static String near(String name, Collection<String> known) {
        return nearest(name, known).map(n -> " (did you mean " + n + "?)").orElse("");
    }

    /** Another name that differs by one or two letters, in longer names by more. */
    static Optional<String> nearest(String name, Collection<String> known) {
        var lower = name.toLowerCase(Locale.ROOT);
        if (lower.length() > 60 || lower.length() < 3) {
            return Optional.empty();
        }
        return known.stream()
                .filter(word -> !word.equals(name) && Math.abs(word.length() - lower.length()) <= 2)
                .filter(word -> distance(lower, word.toLowerCase(Locale.ROOT)) <= Math.max(1, lower.length() / 4))
                .min(Comparator.<String>comparingInt(word -> distance(lower, word.toLowerCase(Locale.ROOT)))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** A swap of neighbours counts as one. */
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
