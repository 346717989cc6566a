package dev.lockstep.runtime.snapshot;

import java.io.IOException;

/** A layer that cannot or must not be unpacked. Nothing of it is left or used. */
public final class UnpackException extends IOException {
    private static final long serialVersionUID = 1L;

    UnpackException(String message) {
        super(message);
    }

    UnpackException(String message, Throwable cause) {
        super(message, cause);
    }
}
