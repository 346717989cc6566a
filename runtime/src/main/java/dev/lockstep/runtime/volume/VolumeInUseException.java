package dev.lockstep.runtime.volume;

import java.io.IOException;

/** A container uses the volume, so it stays. */
public final class VolumeInUseException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message a sentence that says who */
    public VolumeInUseException(String message) {
        super(message);
    }
}
