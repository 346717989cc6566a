package dev.lockstep.reconciler.plan;

import java.util.Set;

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

    public Secrets {
        values = Set.copyOf(values);
        files = Set.copyOf(files);
    }

    /** How many there are. */
    @Override
    public String toString() {
        return values.size() + " secret values of " + files;
    }
}
