package dev.lockstep.runtime.archive;

import java.io.IOException;

/** An archive that is damaged, or that asks for what is refused. */
public class ArchiveException extends IOException {
    private static final long serialVersionUID = 1L;

    public ArchiveException(String message) {
        super(message);
    }
}
