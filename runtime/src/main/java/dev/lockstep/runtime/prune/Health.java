package dev.lockstep.runtime.prune;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Verification;
import java.util.List;

/**
 * Whether the disk has kept what it was given.
 *
 * @param content of the images
 * @param layers number of unpacked layers that were compared with what they were unpacked from
 * @param damaged those that differ
 * @param unchecked those that could not be compared
 */
public record Health(Verification content, int layers, List<DamagedLayer> damaged, List<Unchecked> unchecked) {
    public Health {
        damaged = List.copyOf(damaged);
        unchecked = List.copyOf(unchecked);
    }

    /**
     * An unpacked layer that went bad.
     *
     * @param difference where, beginning with a path
     * @param repaired whether it has been unpacked again; it cannot be while it is mounted
     * @param users containers of its images
     */
    public record DamagedLayer(Digest diffId, String difference, boolean repaired, List<String> users) {
        public DamagedLayer {
            users = List.copyOf(users);
        }
    }

    /** An unpacked layer of which nobody knows whether it is good. */
    public record Unchecked(Digest diffId, String why) {}

    /** Whether nothing was found, also nothing that has been repaired since. */
    public boolean isGood() {
        return content.isGood() && damaged.isEmpty() && unchecked.isEmpty();
    }
}
