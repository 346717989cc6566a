package dev.lockstep.reconciler.contexts;

import java.io.IOException;

/** What is asked for cannot be built, and nothing was begun. The message is the whole sentence for the user. */
public final class UnbuildableException extends IOException {
    private static final long serialVersionUID = 1L;

    /** For that reason. */
    public UnbuildableException(String message) {
        super(message);
    }

    /** The same of something that failed. */
    public UnbuildableException(String message, Throwable cause) {
        super(message, cause);
    }
}
