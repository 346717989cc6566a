package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.NamedRoots;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Keeps a stack's images from being pruned, also while no container is made of them: those of the revision that is
 * wanted; of the last one that was applied, and well as far as anybody looked; and of the two such before it with other
 * images, so that going back to one needs no registry. An image whose digest only its pull tells counts as soon as it
 * has a container.
 */
public final class StackImages {
    private final NamedRoots roots;
    private final String stack;
    private final String wanted;
    /** Newest first. */
    private final List<String> applied;

    public StackImages(NamedRoots roots, String stack) {
        this.roots = roots;
        this.stack = stack;
        this.wanted = "stack." + stack + ".wanted";
        var name = "stack." + stack + ".applied";
        this.applied = List.of(name, name + ".before", name + ".before-that");
    }

    /** Before anything is pulled. */
    public void want(Desired desired) throws IOException {
        register(
                wanted,
                desired.services().stream()
                        .flatMap(service -> service.slots().stream())
                        .flatMap(slot -> Stream.concat(Stream.of(slot.image()), slot.mounted().values().stream()))
                        .flatMap(image -> image.known().stream())
                        .collect(Collectors.toUnmodifiableSet()));
    }

    /**
     * What is wanted has been applied; whoever looked whether it is well has found that it is.
     *
     * @param containers of this host
     */
    public void applied(List<ContainerRecord> containers) throws IOException {
        var now = new HashSet<>(roots.of(wanted));
        for (var container : containers) {
            var spec = container.spec();
            if (spec.owner().stack().equals(stack)) {
                now.addAll(spec.images());
            }
        }
        var before = roots.of(applied.getFirst());
        if (now.equals(before)) {
            return; // An agent asks every minute.
        }
        if (now.containsAll(before)) {
            register(applied.getFirst(), now); // More is known of it, or there is more of it: nothing to go back to.
            return;
        }
        // From the oldest on: killed in between, a revision is there twice and none is lost.
        for (var i = applied.size() - 1; i > 0; i--) {
            register(applied.get(i), roots.of(applied.get(i - 1)));
        }
        register(applied.getFirst(), now);
    }

    /** Not written when it is so already. */
    private void register(String name, Set<Digest> digests) throws IOException {
        if (!digests.equals(roots.of(name))) {
            roots.register(name, digests);
        }
    }

    /** The stack was taken down. */
    public void forget() throws IOException {
        roots.remove(wanted);
        for (var name : applied) {
            roots.remove(name);
        }
    }
}
