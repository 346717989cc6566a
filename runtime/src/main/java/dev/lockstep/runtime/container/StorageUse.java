package dev.lockstep.runtime.container;

/**
 * What a container has written into its root file system, and how much it may.
 *
 * @param limit bytes; 0: somebody has taken the limit away
 * @param used bytes on disk, its directories among them
 */
public record StorageUse(long limit, long used) {}
