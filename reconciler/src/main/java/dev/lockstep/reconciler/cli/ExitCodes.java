package dev.lockstep.reconciler.cli;

/**
 * What the process ends with. Wrong usage of our own commands is an error like any other, as with Terraform; of those
 * that Compose or Docker have, it is what they make of it ({@link Verb#wrongFlag}).
 */
final class ExitCodes {
    /** Done; for {@code apply} and {@code agent --once}: converged. */
    static final int OK = 0;
    /** It did not work; the reason is on standard error. */
    static final int ERROR = 1;
    /** {@code plan --detailed-exitcode}: there is something to do. */
    static final int CHANGES = 2;
    /** Applied, and not healthy. */
    static final int UNHEALTHY = 3;
    /** Did not become well; what ran before runs again. */
    static final int ROLLED_BACK = 4;
    /** Refused by a guard; nothing was changed. */
    static final int REFUSED = 5;
    /** A file is not there, on commands of Compose's. */
    static final int COMPOSE_NO_FILE = 14;
    /** A file is wrong, on commands of Compose's. */
    static final int COMPOSE_FILE = 15;
    /** A flag that makes no sense, on commands of Compose's. */
    static final int COMPOSE_FLAG = 16;
    /** An image cannot be built, on commands of Compose's. */
    static final int COMPOSE_BUILD = 17;
    /** An image cannot be pulled, on commands of Compose's. */
    static final int COMPOSE_PULL = 18;
    /** A flag that makes no sense, on commands of Docker's; also what is wrong before a program could run. */
    static final int ENGINE = 125;
    /** Interrupted by SIGINT, as shells count it. */
    static final int INTERRUPTED = 130;
    /** Nobody read the answer to its end: SIGPIPE, as shells count it. */
    static final int UNREAD = 141;

    private ExitCodes() {}
}
