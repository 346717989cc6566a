package dev.lockstep.runtime.snapshot;

/**
 * How much one layer may ask for. Beyond is an error, long before the disk or the memory is full.
 *
 * @param bytes of all files, holes included
 * @param entries members of the archive
 * @param ratio most uncompressed bytes for one compressed byte, looked at once {@code ratioFrom} bytes have come out
 * @param ratioFrom in bytes; small layers may compress as well as they like
 */
public record UnpackLimits(long bytes, long entries, long ratio, long ratioFrom) {
    /** Generous for images that people make: 64 GiB, 5 million files, a thousandfold beyond 1 GiB. */
    public static final UnpackLimits DEFAULT = new UnpackLimits(64L << 30, 5_000_000, 1000, 1L << 30);

    public UnpackLimits {
        if (bytes <= 0 || entries <= 0 || ratio <= 0 || ratioFrom < 0) {
            throw new IllegalArgumentException("limits are positive");
        }
    }
}
