package dev.lockstep.spec.load;

import java.util.List;
import java.util.Set;
import java.util.SortedMap;

/** Loads Compose projects. */
public final class ComposeLoader {
    /** Loads a project; every problem of the files is in the answer, none is thrown. */
    public Loaded load(LoadRequest request) {
        return new Loading(request).project();
    }

    /**
     * The files of a project as one tree; with {@link Skip#INTERPOLATION} its variables stand as they are written
     * ({@code config --no-interpolate}).
     */
    public MergedTree tree(LoadRequest request) {
        return new Loading(request).tree();
    }

    /** The variables that the files ask for, by name ({@code config --variables}); what is wrong is left out. */
    public List<UsedVariable> variables(LoadRequest request) {
        return new Loading(request.without(Set.of(Skip.INTERPOLATION))).usedVariables();
    }

    /** What the files can ask for, by name: the environment, env files, the project's name ({@code --environment}). */
    public SortedMap<String, String> environment(LoadRequest request) {
        return new Loading(request).environment().texts();
    }
}
