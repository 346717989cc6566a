package dev.lockstep.reconciler.git;

import java.time.Instant;

/**
 * The commit that a line of a file has been as it is since.
 *
 * @param commit 40 hexadecimal digits
 * @param authored by the author's clock, for display
 * @param committed by the committer's clock, which is nearer to the order of things
 * @param subject first line of the message
 */
public record LineChange(String commit, Instant authored, Instant committed, String author, String subject) {}
