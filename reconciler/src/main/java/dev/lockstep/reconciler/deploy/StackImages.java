package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.NamedRoots;
import java.io.IOException;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Keeps a stack's images from being pruned: those of the revision that is wanted and those of the last one that was
 * applied, and well as far as anybody looked, also while no container is made of them. An image whose digest only its
 * pull tells is kept by its container.
 */
public final class StackImages {
    private final NamedRoots roots;
    private final String wanted;
    private final String applied;

    public StackImages(NamedRoots roots, String stack) {
        this.roots = roots;
        this.wanted = "stack." + stack + ".wanted";
        this.applied = "stack." + stack + ".applied";
    }

    /** Before anything is pulled. */
    public void want(Desired desired) throws IOException {
        register(
                wanted,
                desired.services().stream()
                        .flatMap(service -> service.slots().stream())
                        .flatMap(slot -> slot.image().known().stream())
                        .collect(Collectors.toUnmodifiableSet()));
    }

    /** What is wanted has been applied; whoever looked whether it is well has found that it is. */
    public void applied() throws IOException {
        register(applied, roots.of(wanted));
    }

    /** Not written when it is so already: an agent asks every minute. */
    private void register(String name, Set<Digest> digests) throws IOException {
        if (!digests.equals(roots.of(name))) {
            roots.register(name, digests);
        }
    }

    /** The stack was taken down. */
    public void forget() throws IOException {
        roots.remove(wanted);
        roots.remove(applied);
    }
}
