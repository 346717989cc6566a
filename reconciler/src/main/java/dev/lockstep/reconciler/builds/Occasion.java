package dev.lockstep.reconciler.builds;

/**
 * Why something is built.
 *
 * @param kind what happened
 * @param ref full name of the branch or tag: {@code refs/tags/v1.1}
 * @param commit id of the commit that is built
 */
public record Occasion(Kind kind, String ref, String commit) {
    /** What happened. */
    public enum Kind {
        TAG,
        BRANCH,
        /** A stack wants a tag of the image that this host has not built and cannot pull. */
        WANTED,
        /** A person asked for it again. */
        RETRY
    }
}
