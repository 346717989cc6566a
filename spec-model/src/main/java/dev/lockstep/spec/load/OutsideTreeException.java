package dev.lockstep.spec.load;

import java.io.IOException;

/** A path leads out of the tree that it is read from, by {@code ..}, as an absolute path or through a link. */
public final class OutsideTreeException extends IOException {
    private static final long serialVersionUID = 1;
    private final String path;

    /** @param path what leads out, and over which link if it is one */
    public OutsideTreeException(String path) {
        super(path + " is outside of the tree");
        this.path = path;
    }

    /** What leads out. */
    public String path() {
        return path;
    }
}
