package dev.lockstep.reconciler.contexts;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.dockerfile.Parsed;
import java.util.function.Consumer;

/**
 * Reads Dockerfiles.
 *
 * @param talk gets the lines about one that cannot be read
 */
public record Dockerfiles(Consumer<String> talk) {
    /**
     * Reads one.
     *
     * @param name for messages
     * @throws UnbuildableException when it has errors; they were told
     */
    public Dockerfile read(String name, byte[] bytes) throws UnbuildableException {
        return switch (DockerfileParser.parse(name, bytes)) {
            case Parsed.Valid valid -> valid.dockerfile();
            case Parsed.Invalid invalid -> {
                // Excerpts have lines of their own.
                invalid.text().lines().forEach(line -> talk.accept(Printable.text(line)));
                var count = invalid.problems().size();
                throw new UnbuildableException(
                        "failed to build: " + name + " has " + (count == 1 ? "an error" : count + " errors"));
            }
        };
    }
}
