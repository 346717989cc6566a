package dev.lockstep.runtime.image;

import java.util.Optional;

/**
 * A line of the store's index.
 *
 * @param reference empty for an image whose name went to another one
 * @param digest of the index or manifest
 */
public record TaggedImage(Optional<ImageReference> reference, Digest digest) {}
