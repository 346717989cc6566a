package dev.lockstep.runtime.prune;

/**
 * What images take on the disk, unpacked layers included.
 *
 * @param images how many there are
 * @param active how many of them somebody needs
 * @param bytes of all; what images share counts once
 * @param reclaimable bytes that nobody needs
 */
public record ImageUsage(int images, int active, long bytes, long reclaimable) {}
