package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command at a turn of a container's life.
 *
 * @param command empty leaves it to the image, which only {@code pre_start} may
 * @param environment beside the container's; a name without a value has none of its own
 * @param image what a {@code pre_start} command runs in; the service's own when empty
 * @param perReplica whether a {@code pre_start} command runs for each container and not once for all
 */
public record Hook(
        Optional<List<String>> command,
        Optional<String> user,
        boolean privileged,
        Optional<String> workingDirectory,
        Map<String, Optional<String>> environment,
        Optional<String> image,
        boolean perReplica) {
    /** One that says nothing at all. */
    public static final Hook NOTHING =
            new Hook(Optional.empty(), Optional.empty(), false, Optional.empty(), Map.of(), Optional.empty(), false);

    public Hook {
        command = command.map(List::copyOf);
        environment = Copies.ordered(environment);
    }
}
