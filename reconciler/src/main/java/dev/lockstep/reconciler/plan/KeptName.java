package dev.lockstep.reconciler.plan;

import dev.lockstep.runtime.container.ContainerRecord;

/**
 * The name of a container that stands by, stopped, while the one that took its place is tried:
 * {@code 0123456789ab_shop-web-1}, as Compose names what it is about to replace (convergence.go).
 */
public final class KeptName {
    private static final int LONGEST = 255;

    private KeptName() {}

    /** What the container is called while it stands by; a long name loses its end, which its place still knows. */
    public static String of(ContainerRecord container) {
        var name = container.shortId() + "_" + container.spec().name();
        return name.substring(0, Math.min(name.length(), LONGEST));
    }

    /** Whether the container stands by. */
    public static boolean has(ContainerRecord container) {
        return container.spec().name().startsWith(container.shortId() + "_");
    }
}
