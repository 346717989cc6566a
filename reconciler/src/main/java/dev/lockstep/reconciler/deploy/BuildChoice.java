package dev.lockstep.reconciler.deploy;

/** Which images of {@code build} sections are built before a plan is carried out. */
public enum BuildChoice {
    /** None: that was done before, or is nobody's business now. One that is not there is a problem. */
    DONE,
    /** Those that are not on this host, and those that are to be built each time. */
    MISSING,
    ALL
}
