package dev.lockstep.runtime.copy;

/**
 * What copied files keep beside their content, mode and time.
 *
 * @param owner their owner; else they are root's
 * @param privileges set-id bits, file capabilities and device nodes. From a container to the host these are a gift of
 *     the container to every user of the host
 */
public record Keep(boolean owner, boolean privileges) {}
