package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Suggestion;
import java.util.Collection;
import java.util.TreeSet;

/** Where checks of one project tell what they found; a problem stands where its path stands in the files. */
record Findings(Project project, Problems problems) {
    Findings(Project project) {
        this(project, new Problems());
    }

    void error(String path, String message) {
        problems.error(project.sources().at(path), path, message);
    }

    void warning(String path, String message) {
        problems.warning(project.sources().at(path), path, message);
    }

    /** {@code PATH (FILE:LINE:COLUMN)}, to point at a second place. */
    String place(String path) {
        return path + " (" + project.sources().at(path) + ")";
    }

    /** Whether the files have something at that very path. */
    boolean isWritten(String path) {
        return project.sources().positions().containsKey(path);
    }

    /** Of two paths that say the same thing the one that the files have; the second if they have neither. */
    String written(String one, String other) {
        return isWritten(one) ? one : other;
    }

    /**
     * The keys of a section: those that the project uses, and those that the files declare in vain. A name that is
     * spelled wrong leaves the right one unused.
     */
    Collection<String> keys(String section, Collection<String> used) {
        var all = new TreeSet<>(used);
        var start = section + ".";
        for (var path : project.sources().positions().keySet()) {
            if (path.startsWith(start) && path.indexOf('.', start.length()) < 0) {
                all.add(path.substring(start.length()));
            }
        }
        return all;
    }

    static String service(String name) {
        return "services." + name;
    }

    /** {@code . Did you mean "x"?}, or {@code otherwise} where nothing is near. */
    static String didYouMean(String written, Collection<String> known, String otherwise) {
        return Suggestion.nearest(written, known)
                .map(near -> ". Did you mean \"" + near + "\"?")
                .orElse(otherwise);
    }
}
