package dev.lockstep.runtime.container;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Programs that run in a container beside its own.
 *
 * @param postStart after its program was started, in order; one that fails stops the container, and the start failed
 * @param preStop before its stop signal is sent, in order; one that fails lets the container run, and the stop failed
 */
public record Hooks(List<Hook> postStart, List<Hook> preStop) {
    /** None. */
    public static final Hooks NONE = new Hooks(List.of(), List.of());

    /**
     * One program.
     *
     * @param user absent: the container's
     * @param privileged with all capabilities
     * @param workingDir absent: the container's
     * @param environment over the container's
     */
    public record Hook(
            List<String> command,
            Optional<String> user,
            boolean privileged,
            Optional<String> workingDir,
            Map<String, String> environment) {
        public Hook {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
            if (command.isEmpty()) {
                throw new IllegalArgumentException("a hook needs a command");
            }
        }
    }

    public Hooks {
        postStart = List.copyOf(postStart);
        preStop = List.copyOf(preStop);
    }
}
