package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.image.Digest;

/**
 * One slot of a service.
 *
 * @param spec what to ask of the engine. While the image is {@link Resolution.Unknown} its digest is
 *     {@link #NOT_KNOWN}, which no image has; the pull that goes before every start puts the real one in its place
 */
public record DesiredContainer(ContainerSpec spec, Resolution image) {
    /** Stands for a digest that only the pull will tell. */
    public static final Digest NOT_KNOWN = new Digest("0".repeat(64));
}
