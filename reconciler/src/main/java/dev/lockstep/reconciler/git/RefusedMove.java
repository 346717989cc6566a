package dev.lockstep.reconciler.git;

/**
 * A move of a followed ref that the host's owner refuses.
 *
 * @param to where the ref points on the remote
 * @param sentence why it is not followed there, and what to do
 */
public record RefusedMove(Revision to, String sentence) {}
