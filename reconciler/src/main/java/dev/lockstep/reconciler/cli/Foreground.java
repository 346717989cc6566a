package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.DetachKeys;
import java.io.IOException;
import java.util.Optional;

/**
 * A person starts a container and stays with it: its streams are theirs, and its exit code the command's.
 *
 * @param raw whether the person's terminal is the program's own
 * @param input whether what is typed goes in
 * @param passed whether signals go to the container, where no terminal makes them of keys
 */
record Foreground(Invocation call, Engine engine, boolean raw, boolean input, boolean passed, DetachKeys keys) {
    /** Reads {@code --detach-keys}. */
    static DetachKeys keys(Invocation call) throws CommandException {
        try {
            return call.text("--detach-keys").map(DetachKeys::parse).orElse(DetachKeys.DEFAULT);
        } catch (IllegalArgumentException e) {
            throw new CommandException("--detach-keys: " + e.getMessage());
        }
    }

    /**
     * Starts it and stays until it ends or the person leaves.
     *
     * @return its exit code; empty when the person left, and it runs on
     */
    Optional<Integer> start(ContainerRecord container) throws IOException, CommandException {
        try {
            if (passed && !raw) {
                Passing.signals(engine, container.id());
            }
            try (var streams = PersonStreams.of(call, raw, raw ? keys : DetachKeys.NONE)) {
                return engine.containers().startAttached(container.id(), input, streams.streams());
            }
        } catch (ContainerException e) {
            throw failed(e);
        }
    }

    /** Why it did not start, with the exit code that Docker gives it. */
    static CommandException failed(ContainerException e) {
        var cannotRun = e.reason() == ContainerException.Reason.CANNOT_EXECUTE
                || e.reason() == ContainerException.Reason.NOT_FOUND;
        return new CommandException(
                String.valueOf(e.getMessage()), cannotRun ? e.reason().exitCode() : ExitCodes.ENGINE);
    }
}
