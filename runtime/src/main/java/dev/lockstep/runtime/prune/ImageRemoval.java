package dev.lockstep.runtime.prune;

import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.StoredImage;
import java.util.List;
import java.util.Optional;

/** What came of the wish to remove an image. */
public sealed interface ImageRemoval {
    /** There is no such image. */
    record NotHere() implements ImageRemoval {}

    /**
     * Nothing was done.
     *
     * @param why a sentence that says who is in the way, and what to do
     */
    record Refused(String why) implements ImageRemoval {}

    /**
     * The names are gone.
     *
     * @param image as it was before
     * @param untagged names that are gone
     * @param removed whether its content went with the last of them
     * @param kept why it did not; absent when other names are left, and when it did
     */
    record Removed(StoredImage image, List<ImageReference> untagged, boolean removed, Optional<String> kept)
            implements ImageRemoval {
        public Removed {
            untagged = List.copyOf(untagged);
        }
    }
}
