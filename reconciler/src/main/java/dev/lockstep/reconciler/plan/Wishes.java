package dev.lockstep.reconciler.plan;

import java.util.Set;

/**
 * What a person asked of one run beside what the files say, in the words of {@code docker compose up}.
 *
 * @param untouched services of the files whose containers stay as they are, and that nothing waits for
 * @param recreate services whose containers are replaced although nothing changed
 * @param keep leave containers as they are whatever changed ({@code --no-recreate})
 * @param renewVolumes give replaced containers new anonymous volumes ({@code -V})
 * @param start false: containers are made and not started ({@code --no-start})
 * @param again start also what ended with 0 of its own accord
 */
public record Wishes(
        Set<String> untouched, Set<String> recreate, boolean keep, boolean renewVolumes, boolean start, boolean again) {
    /** Nothing special. */
    public static final Wishes NONE = new Wishes(Set.of(), Set.of(), false, false, true, false);

    public Wishes {
        untouched = Set.copyOf(untouched);
        recreate = Set.copyOf(recreate);
    }
}
