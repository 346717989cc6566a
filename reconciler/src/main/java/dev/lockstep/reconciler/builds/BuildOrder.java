package dev.lockstep.reconciler.builds;

/**
 * A build that is to be made.
 *
 * @param target as the commit defines it
 * @param inputs what identifies what goes into it, 64 hexadecimal digits: the same inputs give the same image
 */
public record BuildOrder(BuildTarget target, Occasion occasion, String inputs) {}
