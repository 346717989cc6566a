package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.ProcessSpawner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How soon the kernel kills what joins a container, for lack of memory: as soon as the container itself. crun sets no
 * score for who joins, who then has that of whoever started the runtime, which would be ours.
 */
final class OomScore {
    private static final Path OURS = Path.of("/proc/self/oom_score_adj");

    private OomScore() {}

    /** The command line of a program that has that score from its beginning. */
    static List<String> of(int adjustment, List<String> argv) throws IOException {
        var wanted = String.valueOf(adjustment);
        if (Files.readString(OURS).strip().equals(wanted)) {
            return argv;
        }
        var all = new ArrayList<>(List.of("/bin/sh", "-c", "echo \"$0\" >" + OURS + "; exec \"$@\"", wanted));
        all.addAll(argv);
        return all;
    }

    /** The same command with that score. */
    static ProcessSpawner.Command of(int adjustment, ProcessSpawner.Command command) throws IOException {
        return new ProcessSpawner.Command(
                of(adjustment, command.argv()),
                command.environment(),
                command.directory(),
                command.stdin(),
                command.stdout(),
                command.stderr(),
                command.inherited());
    }
}
