package dev.lockstep.spec.load;

import java.util.ArrayList;
import java.util.List;

/**
 * Where the files of one project are read: the project itself, or one that it includes.
 *
 * @param directory base of its relative paths, as the tree names it
 * @param variables what its files see
 * @param open the main files of this project and of those that include it, outermost first
 */
record Scope(String directory, Variables variables, List<String> open) {
    Scope {
        open = List.copyOf(open);
    }

    /** The scope of a project that is included here. */
    Scope inner(String itsDirectory, Variables itsVariables, String itsFile) {
        var files = new ArrayList<>(open);
        files.add(itsFile);
        return new Scope(itsDirectory, itsVariables, files);
    }
}
