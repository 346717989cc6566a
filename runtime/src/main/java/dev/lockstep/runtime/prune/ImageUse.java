package dev.lockstep.runtime.prune;

import dev.lockstep.runtime.image.Digest;

/**
 * Somebody who needs an image.
 *
 * @param who for people: {@code container shop-web-1}
 * @param image an index or manifest
 * @param running whether it is a container that runs
 */
public record ImageUse(String who, Digest image, boolean running) {
    /** Of anybody but a container that runs. */
    public ImageUse(String who, Digest image) {
        this(who, image, false);
    }
}
