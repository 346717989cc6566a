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
        ObservedContainer running(Invocation call, Engine engine, String word, Optional<Integer> index)
                throws IOException, CommandException {
            return Stack.of(call).running(engine, word, index);
        }
    },
    /** A name, an id, or the beginning of one, as with docker. */
    NAME {
        @Override
        ObservedContainer running(Invocation call, Engine engine, String word, Optional<Integer> index)
                throws IOException, CommandException {
            var container = named(engine, word);
            if (!container.isRunning()) {
                throw new CommandException("container " + container.name() + " is not running");
            }
            return container;
        }
    };

    /** The running container that is meant. */
    abstract ObservedContainer running(Invocation call, Engine engine, String word, Optional<Integer> index)
            throws IOException, CommandException;

    /** A container by name, id, or the beginning of one, whatever it does. */
    static ObservedContainer named(Engine engine, String word) throws IOException, CommandException {
        var found = engine.containers().find(word);
        var container =
                found.isPresent() ? engine.containers().observe(found.get().id()) : Optional.<ObservedContainer>empty();
        return container.orElseThrow(() -> new CommandException("No such container: " + word));
    }
}
