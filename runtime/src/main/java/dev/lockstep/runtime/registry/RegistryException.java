package dev.lockstep.runtime.registry;

import java.io.IOException;

/** A registry that could not or would not give what was asked for. The message is a sentence that names both. */
public final class RegistryException extends IOException {
    private static final long serialVersionUID = 1L;

    /** What a caller can do about it. */
    public enum Reason {
        /** Nobody answers, or not to the end: try later. */
        UNREACHABLE,
        /** There is no such repository, tag or content. */
        NOT_FOUND,
        /** Somebody with an account might get it. */
        DENIED,
        /** Too many requests: try later. */
        RATE_LIMITED,
        /** It answered what it should not: an error of the registry. */
        BROKEN,
        /** The content is not the one that its digest says. */
        WRONG_CONTENT,
        /** Accounts or certificates on this host cannot be used: their owner must act. */
        MISCONFIGURED
    }

    private final Reason reason;

    RegistryException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    RegistryException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
