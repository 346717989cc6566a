package dev.lockstep.runtime.store;

import java.io.IOException;
import java.nio.file.Path;

/** A state file that must not be used as it is. Nothing was changed. */
public final class StateException extends IOException {
    private static final long serialVersionUID = 1L;

    StateException(Path file, String problem) {
        super(file + " " + problem);
    }

    StateException(Path file, String problem, Throwable cause) {
        super(file + " " + problem, cause);
    }
}
