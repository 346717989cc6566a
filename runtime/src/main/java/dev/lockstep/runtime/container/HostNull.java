package dev.lockstep.runtime.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The host's {@code /dev/null}, which programs get that have no input. crun gives what standard streams lead to, be it
 * this device, to the user of the program (maybe_chown_std_streams in its container.c, 1.21), who could close it to the
 * host then; runc leaves it out.
 */
final class HostNull {
    private static final Path NULL = Path.of("/dev/null");

    private HostNull() {}

    /** Gives it back to root and opens it to everybody, where that is not so. */
    static void giveBack() throws IOException {
        if (!Files.getAttribute(NULL, "unix:uid").equals(0)) {
            Files.setAttribute(NULL, "unix:uid", 0);
            Files.setAttribute(NULL, "unix:gid", 0);
            Files.setPosixFilePermissions(NULL, PosixFilePermissions.fromString("rw-rw-rw-"));
        }
    }
}
