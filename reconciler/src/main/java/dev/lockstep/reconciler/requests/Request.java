package dev.lockstep.reconciler.requests;

import java.time.Instant;
import java.util.Map;

/**
 * What a command asks of the agent.
 *
 * @param verb what to do: {@code sync}, {@code suspend}, …
 * @param arguments by name, as the agent's handler for the verb understands them
 * @param deadline after which nobody waits for the answer
 */
public record Request(String verb, Map<String, String> arguments, Instant deadline) {
    public Request {
        arguments = Map.copyOf(arguments);
        if (!verb.matches("[a-z][a-z-]*")) {
            throw new IllegalArgumentException("not a verb: " + verb);
        }
    }
}
