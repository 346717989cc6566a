package dev.lockstep.spec.lint;

/**
 * A rule for Compose files.
 *
 * @param id {@code LS} and four digits; never changes once it is published
 * @param cis the sections of the CIS Docker Benchmark that it looks after; empty if none does
 * @param what is found, in half a sentence
 * @param why that is not wise
 */
public record ComposeRule(String id, Level level, String cis, String what, String why) {
    /** How much it matters, the most first. */
    public enum Level {
        ERROR,
        WARNING,
        INFO
    }
}
