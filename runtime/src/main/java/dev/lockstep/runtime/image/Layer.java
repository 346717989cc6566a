package dev.lockstep.runtime.image;

/**
 * One layer of an image.
 *
 * @param blob digest of the archive as it is stored, compressed or not
 * @param diffId digest of the whole uncompressed archive; the unpacked layer goes by it
 * @param size of the blob in bytes
 */
public record Layer(Digest blob, Digest diffId, String mediaType, long size) {
    /** How the blob is described. */
    public Descriptor descriptor() {
        return new Descriptor(mediaType, blob, size);
    }
}
