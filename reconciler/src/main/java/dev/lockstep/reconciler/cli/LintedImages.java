package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.lint.LintSurroundings;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * What the images of this host say of themselves, as far as whoever asks may know: lint needs no rights and no engine.
 * The engine is opened for the first question.
 */
final class LintedImages implements AutoCloseable {
    private final Invocation call;
    private Optional<Engine> engine = Optional.empty();
    private boolean asked;

    LintedImages(Invocation call) {
        this.call = call;
    }

    LintSurroundings surroundings() {
        var unknown = LintSurroundings.UNKNOWN;
        return new LintSurroundings(
                unknown.ignored(), name -> find(name).map(LintedImages::names), unknown.platform(), unknown.target());
    }

    private static Set<String> names(Image image) {
        var names = new HashSet<String>();
        image.config().environment().forEach(variable -> names.add(variable.split("=", 2)[0]));
        return names;
    }

    private Optional<Image> find(String name) {
        try {
            if (!asked) {
                asked = true;
                engine = Optional.of(EngineDoor.of(call).openForReading());
            }
            return engine.isPresent() ? engine.get().images().find(ImageReference.parse(name)) : Optional.empty();
        } catch (IOException | CommandException | IllegalArgumentException e) {
            return Optional.empty(); // Not known, as for all who are not root.
        }
    }

    @Override
    public void close() throws IOException {
        if (engine.isPresent()) {
            engine.get().close();
        }
    }
}
