package dev.lockstep.runtime.volume;

import java.time.Instant;
import java.util.Optional;

/**
 * What is on disk about a volume.
 *
 * @param slot present for a volume without a name of its own: whose it is
 * @param populated whether copying the image's content into it was done, or found unnecessary
 */
public record VolumeRecord(VolumeSpec spec, Optional<Slot> slot, Instant createdAt, boolean populated) {
    /**
     * Whose an anonymous volume is: it is found again when the slot's container is replaced.
     *
     * @param service the service, or the id of a container of none, whose it stays
     */
    public record Slot(String stack, String service, int number, String target) {}

    /** Whether nobody named it. */
    public boolean isAnonymous() {
        return slot.isPresent();
    }

    VolumeRecord asPopulated() {
        return new VolumeRecord(spec, slot, createdAt, true);
    }
}
