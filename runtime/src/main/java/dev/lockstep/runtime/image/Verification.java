package dev.lockstep.runtime.image;

import java.nio.file.Path;
import java.util.List;

/**
 * What came of hashing everything that the store has.
 *
 * @param blobs that were hashed
 * @param bytes that they have
 * @param damaged what is not what its name says; none of it is in the store any more
 * @param unreadable what could not be read, and so not be judged; it is where it was
 * @param incomplete images of which something is missing, also for that reason
 */
public record Verification(
        int blobs, long bytes, List<Damaged> damaged, List<Unreadable> unreadable, List<Incomplete> incomplete) {
    public Verification {
        damaged = List.copyOf(damaged);
        unreadable = List.copyOf(unreadable);
        incomplete = List.copyOf(incomplete);
    }

    /**
     * A blob that went bad.
     *
     * @param why what is wrong with it
     * @param aside where it lies now
     */
    public record Damaged(Digest digest, String why, Path aside) {}

    /**
     * A blob that the host would not give.
     *
     * @param why what the system said
     */
    public record Unreadable(Digest digest, String why) {}

    /** An image that has to be pulled or loaded again before a container can be made of it. */
    public record Incomplete(StoredImage image, List<Digest> missing) {
        public Incomplete {
            missing = List.copyOf(missing);
        }
    }

    /** Whether nothing is wrong. */
    public boolean isGood() {
        return damaged.isEmpty() && unreadable.isEmpty() && incomplete.isEmpty();
    }
}
