package dev.lockstep.runtime.image;

import java.util.List;

/**
 * An image that the store has, all of it.
 *
 * @param digest what its name stands for: of the index where there is one, else of the manifest. This is what a
 *     registry answers for a tag, so compare this one
 * @param manifest the manifest for this machine; equal to {@code digest} where there is no index
 * @param id digest of the configuration: "image id" in Docker's words
 * @param layers bottom layer first, as in the manifest
 */
public record Image(Digest digest, Digest manifest, Digest id, ImageConfig config, List<Layer> layers) {
    public Image {
        layers = List.copyOf(layers);
    }
}
