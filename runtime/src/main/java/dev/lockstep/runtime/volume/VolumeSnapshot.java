package dev.lockstep.runtime.volume;

import java.time.Instant;
import java.util.Optional;

/**
 * A copy of a volume as it was at one time.
 *
 * @param name unique among those of the volume; Docker's rule for names
 * @param volume the volume with what is needed to make it again when it is gone
 * @param slot whose it is when it has no name of its own
 * @param consistency what its containers did meanwhile
 */
public record VolumeSnapshot(
        String name, VolumeSpec volume, Optional<VolumeRecord.Slot> slot, Instant createdAt, Consistency consistency) {

    /** How much the copy can be trusted to be of one moment. */
    public enum Consistency {
        /** Nothing wrote to it: nobody used it, or all were stopped in order. */
        STOPPED,
        /** Containers stood still while it was copied, as if the power had gone in that moment. */
        PAUSED,
        /** Containers went on writing: files may be of different moments. */
        LIVE
    }

    public VolumeSnapshot {
        VolumeSpec.checkName(name);
    }
}
