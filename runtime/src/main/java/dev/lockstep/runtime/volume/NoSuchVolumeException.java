package dev.lockstep.runtime.volume;

import java.io.IOException;

/** There is no volume of that name. */
public final class NoSuchVolumeException extends IOException {
    private static final long serialVersionUID = 1L;

    public NoSuchVolumeException(String name) {
        super("no such volume: " + name);
    }
}
