package dev.lockstep.runtime.image;

import java.nio.file.Path;
import java.util.List;

/**
 * What came of hashing everything that the store has.
 *
 * @param blobs that were hashed
 * @param bytes that they have
 * @param damaged what is not what its name says; none of it is in the store any more
 * @param incomplete images of which something is missing, also for that reason
 */
public record Verification(int blobs, long bytes, List<Damaged> damaged, List<Incomplete> incomplete) {
    public Verification {
        damaged = List.copyOf(damaged);
        incomplete = List.copyOf(incomplete);
    }

    /**
     * A blob that went bad.
     *
     * @param why what is wrong with it
     * @param aside where it lies now
     */
    public record Damaged(Digest digest, String why, Path aside) {}

    /** An image that has to be pulled or loaded again before a container can be made of it. */
    public record Incomplete(StoredImage image, List<Digest> missing) {
        public Incomplete {
            missing = List.copyOf(missing);
        }
    }

    /** Whether nothing is wrong. */
    public boolean isGood() {
        return damaged.isEmpty() && incomplete.isEmpty();
    }
}
