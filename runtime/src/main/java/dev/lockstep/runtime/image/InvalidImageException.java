package dev.lockstep.runtime.image;

import java.io.IOException;

/** Content that is not what an image must be. Nothing of it is used. */
public class InvalidImageException extends IOException {
    private static final long serialVersionUID = 1L;

    public InvalidImageException(String message) {
        super(message);
    }

    public InvalidImageException(String message, Throwable cause) {
        super(message, cause);
    }
}
