package dev.lockstep.reconciler.plan;

import java.util.Comparator;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a host adds to the files of a stack and nobody is shown.
 *
 * @param values masked wherever they turn up
 * @param files their names as positions have them: what comes from one of these is masked as a whole, its former value
 *     too, which is in no file any more
 */
public record Secrets(Set<String> values, Set<String> files) {
    /** Nothing is secret but what its name says is. */
    public static final Secrets NONE = new Secrets(Set.of(), Set.of());

    /** Shorter values would blot out half of every plan. */
    private static final int SHORTEST_VALUE = 6;

    public Secrets {
        values = Set.copyOf(values);
        files = Set.copyOf(files);
    }

    /** Values that are masked in any text; the longest first, since one may be part of another. */
    public Stream<String> maskable() {
        return values.stream()
                .filter(value -> value.length() >= SHORTEST_VALUE)
                .sorted(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));
    }

    /** How many there are. */
    @Override
    public String toString() {
        return values.size() + " secret values of " + files;
    }
}
