package dev.lockstep.runtime.prune;

import dev.lockstep.runtime.image.Digest;

/**
 * Somebody who needs an image.
 *
 * @param who for people: {@code container shop-web-1}
 * @param image an index or manifest
 */
public record ImageUse(String who, Digest image) {}
