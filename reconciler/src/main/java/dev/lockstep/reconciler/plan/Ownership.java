package dev.lockstep.reconciler.plan;

import dev.lockstep.runtime.store.Owner;
import java.util.Optional;
import java.util.Set;

/**
 * Whose what is on the host is, as one stack sees it.
 *
 * @param owner of what the stack makes
 * @param formerly URLs that the stack's repository had before, without credentials: what it made then is its own
 */
public record Ownership(Owner owner, Set<String> formerly) {
    public Ownership {
        formerly = Set.copyOf(formerly);
    }

    /**
     * Whether the stack may change it. A stack has a name and a repository: one that comes from elsewhere may have the
     * name by chance, or for the sake of what is left of the other. What root made by hand is whoever's has the name.
     */
    public boolean isOwn(Owner other) {
        return other.stack().equals(owner.stack()) && stranger(other).isEmpty();
    }

    /** Whether both come from the same repository: who writes one writes the other. */
    public boolean isOfSameRepository(Owner other) {
        return owner.repository().isPresent()
                && other.repository().isPresent()
                && stranger(other).isEmpty();
    }

    /** The repository that it came from, where the stack comes from another one. */
    Optional<String> stranger(Owner other) {
        return owner.repository()
                .flatMap(mine ->
                        other.repository().filter(theirs -> !theirs.equals(mine) && !formerly.contains(theirs)));
    }

    /** Whose it is, for people. */
    static String words(Owner other) {
        return other.stack().isEmpty()
                ? "no stack"
                : "stack " + other.stack()
                        + other.repository().map(url -> " of " + url).orElse("");
    }
}
