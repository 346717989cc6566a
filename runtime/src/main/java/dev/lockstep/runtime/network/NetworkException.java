package dev.lockstep.runtime.network;

import java.io.IOException;

/** Something that was asked of a network cannot be had; the message says what is in the way. Nothing was changed. */
public class NetworkException extends IOException {
    private static final long serialVersionUID = 1L;

    NetworkException(String message) {
        super(message);
    }

    NetworkException(String message, Throwable cause) {
        super(message, cause);
    }
}
