package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import java.io.IOException;
import java.util.Optional;

/** What the word means that a command is given for a container. */
enum By {
    /** A service of the stack, as with docker compose. */
    SERVICE {
        @Override
        Running of(Invocation call) throws CommandException {
            return Stack.of(call)::running;
        }
    },
    /** A name, an id, or the beginning of one, as with docker. */
    NAME {
        @Override
        Running of(Invocation call) {
            return (engine, word, _) -> {
                var container = named(engine, word);
                if (!container.isRunning()) {
                    throw new CommandException("container " + container.name() + " is not running");
                }
                return container;
            };
        }
    };

    /** Finds the running container that is meant. */
    @FunctionalInterface
    interface Running {
        /**
         * The container that the word means.
         *
         * @param index number of the container of a service; absent: the first that runs
         */
        ObservedContainer find(Engine engine, String word, Optional<Integer> index)
                throws IOException, CommandException;
    }

    /** How a word is understood; wrong files are told before anything of the host is touched. */
    abstract Running of(Invocation call) throws CommandException;

    /** A container by name, id, or the beginning of one, whatever it does. */
    static ObservedContainer named(Engine engine, String word) throws IOException, CommandException {
        var found = engine.containers().find(word);
        var container =
                found.isPresent() ? engine.containers().observe(found.get().id()) : Optional.<ObservedContainer>empty();
        return container.orElseThrow(() -> new CommandException("No such container: " + word));
    }
}
