package dev.lockstep.reconciler.plan;

import java.time.Instant;
import java.time.ZoneOffset;

/**
 * The commit that a line of a file comes from.
 *
 * @param id 40 digits
 * @param authored by the author's clock
 * @param committed by the committer's clock, which is nearer to the order of things
 * @param subject first line of its message
 */
public record LineCommit(String id, Instant authored, Instant committed, String author, String subject) {
    /** A subject longer than this would be most of the line. */
    private static final int LONGEST = 50;

    /** {@code 1a2b3c4 of 2026-11-20 "Raise the limit"}; days are in UTC. */
    String shown() {
        var shown = subject.codePointCount(0, subject.length()) > LONGEST
                ? subject.substring(0, subject.offsetByCodePoints(0, LONGEST - 1)) + "…"
                : subject;
        return id.substring(0, 7) + " of " + authored.atOffset(ZoneOffset.UTC).toLocalDate()
                + (shown.isEmpty() ? "" : " \"" + shown + "\"");
    }
}
