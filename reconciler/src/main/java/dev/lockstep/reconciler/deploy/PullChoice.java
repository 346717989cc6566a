package dev.lockstep.reconciler.deploy;

/** When images are looked up in their registries, for all services of a stack: {@code --pull}. */
public enum PullChoice {
    /** Each time. */
    ALWAYS,
    /** When they are not on this host. */
    MISSING,
    /** Not at all. */
    NEVER
}
