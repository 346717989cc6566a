package dev.lockstep.runtime.prune;

import java.util.List;
import java.util.Optional;

/**
 * What went, and why; what stayed, and why.
 *
 * @param images all of them, those that went first
 * @param blobs number of blobs that went, also ones that no image had
 * @param layers number of unpacked layers that went
 * @param bytes that are free now
 * @param held why content was left alone although its images went; absent when it was not
 */
public record PruneReport(List<PrunePlan.Decision> images, int blobs, int layers, long bytes, Optional<String> held) {
    public PruneReport {
        images = List.copyOf(images);
    }

    /** Those that went. */
    public List<PrunePlan.Decision> removed() {
        return images.stream().filter(PrunePlan.Decision::removed).toList();
    }
}
