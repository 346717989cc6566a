package dev.lockstep.reconciler.builds;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an image must stand before it counts.
 *
 * @param command run in a container of the image; empty: what {@code service} or the image says
 * @param service a service of the repository's stacks whose definition is run with the image; absent: a bare container
 * @param timeout after which it has failed
 * @param reports absolute path in the container of files that are kept, whether it passes or not
 * @param matrix values of build arguments by name: the image is built and tested with each combination, in parallel;
 *     empty: as it is
 */
public record BuildTest(
        List<String> command,
        Optional<String> service,
        Duration timeout,
        Optional<String> reports,
        Map<String, List<String>> matrix) {
    public BuildTest {
        command = List.copyOf(command);
        var copy = new LinkedHashMap<String, List<String>>();
        matrix.forEach((name, values) -> copy.put(name, List.copyOf(values)));
        matrix = Collections.unmodifiableMap(copy);
    }
}
