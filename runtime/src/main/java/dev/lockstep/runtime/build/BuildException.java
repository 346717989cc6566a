package dev.lockstep.runtime.build;

import java.io.IOException;

/** A build cannot be done; the message says why, in words for whoever wrote the Dockerfile. */
public class BuildException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Because of that. */
    public BuildException(String message) {
        super(message);
    }

    /** Because of that. */
    public BuildException(String message, Throwable cause) {
        super(message, cause);
    }
}
