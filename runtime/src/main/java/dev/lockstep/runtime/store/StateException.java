package dev.lockstep.runtime.store;

import java.io.IOException;
import java.nio.file.Path;

/** A state file that must not be used as it is. Nothing was changed. */
public final class StateException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;
    private final String file;

    /** Why it cannot be used: decides whether it may be set aside. */
    public enum Reason {
        /** It cannot be read, or does not say what it should: nothing can be made of it. */
        DAMAGED,
        /** A newer Lockstep wrote it, or an older one than we know; that one can read it. */
        VERSION,
        /** It is another root's. */
        FOREIGN
    }

    StateException(Reason reason, Path file, String problem) {
        super(file + " " + problem);
        this.reason = reason;
        this.file = file.toString();
    }

    StateException(Path file, String problem, Throwable cause) {
        super(file + " " + problem, cause);
        this.reason = Reason.DAMAGED;
        this.file = file.toString();
    }

    /** A file whose content contradicts its place. */
    public static StateException damaged(Path file, String why) {
        return new StateException(Reason.DAMAGED, file, "is damaged: " + why);
    }

    /** Which one it is. */
    public Path file() {
        return Path.of(file);
    }

    /** Why it cannot be used. */
    public Reason reason() {
        return reason;
    }
}
