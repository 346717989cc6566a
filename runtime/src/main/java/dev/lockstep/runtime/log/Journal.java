package dev.lockstep.runtime.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The journal of the host (systemd-journald.service(8)).
 *
 * @param socket where programs send what they write
 * @param program {@code journalctl}
 */
public record Journal(Path socket, Program program) {
    /** Where the journal's files are: the one in memory and the one on disk. */
    private static final List<Path> DIRECTORIES = List.of(Path.of("/run/log/journal"), Path.of("/var/log/journal"));

    /** Where it is on every host that has one. */
    public static final Path SOCKET = Path.of("/run/systemd/journal/socket");

    /** Looked for when it is needed. */
    @FunctionalInterface
    public interface Program {
        Path get() throws IOException;
    }

    /** Whether somebody takes what is sent. Without a journal what is written would be lost in silence. */
    public boolean isThere() {
        return Files.exists(socket);
    }

    /** Directories in which something changes when something is written. */
    public static List<Path> watched() throws IOException {
        var all = new java.util.ArrayList<Path>();
        for (var directory : DIRECTORIES) {
            if (Files.isDirectory(directory)) {
                try (var machines = Files.newDirectoryStream(directory, Files::isDirectory)) {
                    machines.forEach(all::add);
                }
            }
        }
        return all;
    }
}
