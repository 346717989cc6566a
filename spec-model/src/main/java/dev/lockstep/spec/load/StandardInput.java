package dev.lockstep.spec.load;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** A stream as a file that can be read any number of times; nothing is taken from it before somebody asks. */
public final class StandardInput {
    private final InputStream in;
    private Optional<byte[]> read = Optional.empty();

    /** @param in stays the caller's to close */
    public StandardInput(InputStream in) {
        this.in = in;
    }

    /**
     * All of it.
     *
     * @throws IOException if it cannot be read, or is larger than any file may be
     */
    synchronized byte[] bytes() throws IOException {
        if (read.isEmpty()) {
            read = Optional.of(DirectoryTree.bytes(in));
        }
        return read.get();
    }
}
