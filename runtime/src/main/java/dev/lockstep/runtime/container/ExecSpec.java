package dev.lockstep.runtime.container;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A further program in a running container.
 *
 * @param environment over the container's
 * @param user absent: the container's
 * @param workingDir absent: the container's
 * @param tty give it a terminal
 * @param stdin connect its standard input; else it reads end of file
 * @param detach return as soon as it runs
 * @param privileged with every capability that we have
 */
public record ExecSpec(
        List<String> args,
        Map<String, String> environment,
        Optional<String> user,
        Optional<String> workingDir,
        boolean tty,
        boolean stdin,
        boolean detach,
        boolean privileged) {
    public ExecSpec {
        args = List.copyOf(args);
        environment = Map.copyOf(environment);
        if (args.isEmpty()) {
            throw new IllegalArgumentException("exec needs a program to run");
        }
    }

    /** With the container's own capabilities. */
    public ExecSpec(
            List<String> args,
            Map<String, String> environment,
            Optional<String> user,
            Optional<String> workingDir,
            boolean tty,
            boolean stdin,
            boolean detach) {
        this(args, environment, user, workingDir, tty, stdin, detach, false);
    }

    /** A program with the container's own environment, user and directory, and no input. */
    public static ExecSpec of(String... args) {
        return new ExecSpec(List.of(args), Map.of(), Optional.empty(), Optional.empty(), false, false, false);
    }
}
