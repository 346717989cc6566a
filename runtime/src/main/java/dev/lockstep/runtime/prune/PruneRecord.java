package dev.lockstep.runtime.prune;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is written down about one run of housekeeping.
 *
 * @param removed images that went, in the order in which they went
 * @param blobs number of blobs that went, also ones that no image had
 * @param layers number of unpacked layers that went
 * @param bytes that were freed
 * @param held why content stayed although its images went; absent when none did
 */
public record PruneRecord(
        Instant at, Trigger trigger, List<Removed> removed, int blobs, int layers, long bytes, Optional<String> held) {
    public PruneRecord {
        removed = List.copyOf(removed);
    }

    /** Why there was housekeeping. */
    public enum Trigger {
        /** A person asked. */
        HAND,
        /** It was time. */
        SCHEDULE,
        /** Something was about to come that the disk had no room for. */
        DISK
    }

    /** An image that went. */
    public record Removed(Digest digest, List<String> names, String why, long bytes) {
        public Removed {
            names = List.copyOf(names);
        }
    }

    static PruneRecord of(Instant at, Trigger trigger, PruneReport report) {
        return new PruneRecord(
                at,
                trigger,
                report.removed().stream()
                        .map(decision -> new Removed(
                                decision.image().digest(),
                                decision.image().names().stream()
                                        .map(ImageReference::familiar)
                                        .toList(),
                                decision.why(),
                                decision.bytes()))
                        .toList(),
                report.blobs(),
                report.layers(),
                report.bytes(),
                report.held());
    }
}
