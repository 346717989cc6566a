package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.image.InvalidImageException;

/** A layer that must not be unpacked: damaged, hostile or too big. Nothing of it is left or used. */
public final class UnpackException extends InvalidImageException {
    private static final long serialVersionUID = 1L;

    UnpackException(String message, Throwable cause) {
        super(message, cause);
    }
}
