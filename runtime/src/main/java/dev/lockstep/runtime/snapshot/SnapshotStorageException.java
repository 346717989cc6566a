package dev.lockstep.runtime.snapshot;

import java.io.IOException;

/** The disk, or the system, does not let a layer be unpacked. Nothing of it is left. */
public final class SnapshotStorageException extends IOException {
    private static final long serialVersionUID = 1L;

    SnapshotStorageException(String message, Throwable cause) {
        super(message, cause);
    }
}
