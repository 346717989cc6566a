package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.util.Map;

/**
 * One slot of a service.
 *
 * @param spec what to ask of the engine. While the image is {@link Resolution.Unknown} its digest is
 *     {@link #NOT_KNOWN}, which no image has; the pull that goes before every start puts the real one in its place;
 *     while it is {@link Resolution.Unbuilt} it is {@link #NOT_BUILT}, and no container is made of it
 * @param mounted images that are mounted into it; their digests in the spec are found in the same way
 */
public record DesiredContainer(ContainerSpec spec, Resolution image, Map<ImageReference, Resolution> mounted) {
    /** Without images beside its own. */
    public DesiredContainer(ContainerSpec spec, Resolution image) {
        this(spec, image, Map.of());
    }

    public DesiredContainer {
        mounted = Map.copyOf(mounted);
    }

    /** Stands for a digest that only the pull will tell. */
    public static final Digest NOT_KNOWN = new Digest("0".repeat(64));

    /** Stands for a digest that only the build will tell. */
    public static final Digest NOT_BUILT = new Digest("0".repeat(63) + "1");

    /** What stands for the digest in a specification, as long as nobody can tell it. */
    static Digest digest(Resolution image) {
        return image.known().orElse(image instanceof Resolution.Unbuilt ? NOT_BUILT : NOT_KNOWN);
    }
}
