package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Stage;
import dev.lockstep.runtime.dockerfile.SubstitutionException;
import dev.lockstep.runtime.dockerfile.Suggestion;
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
                .filter(word ->
                        Suggestion.distance(lower, word.toLowerCase(Locale.ROOT)) <= Math.max(1, lower.length() / 4))
                .min(Comparator.<String>comparingInt(word -> Suggestion.distance(lower, word.toLowerCase(Locale.ROOT)))
                        .thenComparing(Comparator.naturalOrder()));
    }
}
