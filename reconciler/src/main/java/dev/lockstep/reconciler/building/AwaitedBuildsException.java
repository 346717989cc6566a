package dev.lockstep.reconciler.building;

import java.io.IOException;
import java.util.Set;

/** A build cannot go on before others have ended. The message is a sentence without its end that says which. */
final class AwaitedBuildsException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient Set<Long> builds;

    AwaitedBuildsException(String message, Set<Long> builds) {
        super(message);
        this.builds = Set.copyOf(builds);
    }

    /** Numbers of those others. */
    Set<Long> builds() {
        return builds;
    }
}
