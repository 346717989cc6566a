package dev.lockstep.runtime.context;

import java.io.IOException;

/** What a build asks for cannot be had from its sources. The message is a sentence for who wrote the Dockerfile. */
public final class ContextException extends IOException {
    private static final long serialVersionUID = 1L;

    public ContextException(String message) {
        super(message);
    }

    public ContextException(String message, Throwable cause) {
        super(message, cause);
    }
}
