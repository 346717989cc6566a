package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.ProcessSpawner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a program that joins a container takes away from the modes of files that it makes: as much as the container's
 * own program. runc sets no mask for who joins, who then has that of whoever started the runtime: 0077 where that is an
 * agent under systemd.
 */
final class Umask {
    /** Of containers; as the kernel writes it. */
    private static final String CONTAINERS = "0022";

    private static final Path OURS = Path.of("/proc/self/status");

    private Umask() {}

    /** The same command, whose program has a container's mask from its beginning. */
    static ProcessSpawner.Command ofContainers(ProcessSpawner.Command command) throws IOException {
        if (Files.readAllLines(OURS).contains("Umask:\t" + CONTAINERS)) {
            return command;
        }
        var argv = new ArrayList<>(List.of("/bin/sh", "-c", "umask \"$0\"; exec \"$@\"", CONTAINERS));
        argv.addAll(command.argv());
        return new ProcessSpawner.Command(
                argv,
                command.environment(),
                command.directory(),
                command.stdin(),
                command.stdout(),
                command.stderr(),
                command.inherited());
    }
}
