package dev.lockstep.runtime.image;

import java.util.List;

/**
 * One layer of an image.
 *
 * @param blob digest of the archive as it is stored, compressed or not
 * @param diffId digest of the whole uncompressed archive; the unpacked layer goes by it
 * @param size of the blob in bytes
 * @param urls where else the manifest says that it is
 */
public record Layer(Digest blob, Digest diffId, String mediaType, long size, List<String> urls) {
    public Layer {
        urls = List.copyOf(urls);
    }

    /**
     * Whether it is not to be distributed: registries need not have it, whoever pulls the image gets it from its maker.
     */
    public boolean isForeign() {
        return MediaType.isForeign(mediaType);
    }

    /** How the blob is described. */
    public Descriptor descriptor() {
        return new Descriptor(mediaType, blob, size);
    }
}
