package dev.lockstep.spec.load;

import java.util.EnumSet;
import java.util.Optional;
import java.util.SortedMap;

/** Loads Compose projects. */
public final class ComposeLoader {
    /** Loads a project; every problem of the files is in the answer, none is thrown. */
    public Loaded load(LoadRequest request) {
        return new Loading(request).project();
    }

    /**
     * What a project is called. Only what says that is read: a value that is missing elsewhere does not matter.
     *
     * @return empty when the files cannot be read, or give no name
     */
    public Optional<String> name(LoadRequest request) {
        return new Loading(request).name();
    }

    /**
     * The files of a project as one tree; with {@link Skip#INTERPOLATION} its variables stand as they are written.
     * Nothing is read from it: unknown keys stay.
     */
    public MergedTree tree(LoadRequest request) {
        return new Loading(request).tree();
    }

    /**
     * Loads a project and leaves its variables as they are written. Env files of services are not read: their names may
     * be variables.
     */
    public Uninterpolated uninterpolated(LoadRequest request) {
        var skipped = EnumSet.of(Skip.INTERPOLATION, Skip.ENVIRONMENT);
        skipped.addAll(request.skipped());
        return new Loading(request.without(skipped)).uninterpolated();
    }

    /**
     * What is known before any compose file is looked for: the environment, and what {@code .env} adds to it. What is
     * wrong with that is told by whoever loads the project.
     */
    public SortedMap<String, String> firstVariables(LoadRequest request) {
        return new Loading(request).firstVariables();
    }

    /** What the files can ask for. The project is loaded, too: what is wrong with it is in the answer. */
    public KnownVariables environment(LoadRequest request) {
        return new Loading(request).environment();
    }
}
