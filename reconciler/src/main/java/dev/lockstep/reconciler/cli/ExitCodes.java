package dev.lockstep.reconciler.cli;

/** What the process ends with. Wrong usage is an error like any other, as with Compose and Terraform. */
final class ExitCodes {
    /** Done; for {@code apply} and {@code agent --once}: converged. */
    static final int OK = 0;
    /** It did not work; the reason is on standard error. */
    static final int ERROR = 1;
    /** {@code plan --detailed-exitcode}: there is something to do. */
    static final int CHANGES = 2;
    /** Applied, and not healthy. */
    static final int UNHEALTHY = 3;
    /** Refused by a guard; nothing was changed. */
    static final int REFUSED = 5;
    /** Interrupted by SIGINT, as shells count it. */
    static final int INTERRUPTED = 130;
    /** Nobody read the answer to its end: SIGPIPE, as shells count it. */
    static final int UNREAD = 141;

    private ExitCodes() {}
}
