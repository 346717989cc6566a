package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Text that others write: the host's files, and what programs say. Nobody promises that it is UTF-8. */
public final class ForeignText {
    private ForeignText() {}

    /**
     * All of a file; what is not UTF-8 becomes U+FFFD. {@link Files#readString} refuses a file for one such byte.
     *
     * @throws java.nio.file.NoSuchFileException when it is not there
     */
    public static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}
