package dev.lockstep.runtime.container;

import dev.lockstep.runtime.oci.Rlimit;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the processes of a container run.
 *
 * @param groups further groups, names of its group file or numbers
 * @param tty process 1 has a terminal in place of three pipes
 * @param stdinOpen its standard input stays open without anybody who writes
 * @param init a small program as process 1 that forwards signals and reaps children
 * @param ulimits by name without {@code RLIMIT_}, lower case
 * @param oomScoreAdj from −1000, never killed for memory, to 1000; absent: 0
 */
public record ProcessOptions(
        List<String> groups,
        boolean tty,
        boolean stdinOpen,
        boolean init,
        Map<String, Rlimit> ulimits,
        Optional<Integer> oomScoreAdj) {
    /** Nothing. */
    public static final ProcessOptions NONE =
            new ProcessOptions(List.of(), false, false, false, Map.of(), Optional.empty());

    public ProcessOptions {
        groups = List.copyOf(groups);
        ulimits = Collections.unmodifiableMap(new LinkedHashMap<>(ulimits));
    }

    /** The same with these streams. */
    public ProcessOptions withStreams(boolean terminal, boolean input) {
        return new ProcessOptions(groups, terminal, input, init, ulimits, oomScoreAdj);
    }
}
