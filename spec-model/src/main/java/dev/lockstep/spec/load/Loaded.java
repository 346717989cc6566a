package dev.lockstep.spec.load;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** What came of loading: a project, or everything that is wrong. Problems are sorted by position. */
public sealed interface Loaded {
    /** What should be put right some day. */
    List<Problem> warnings();

    /** Every file that was read or looked for, as the tree names it: when one of them changes, load again. */
    SortedSet<String> files();

    /**
     * A project. Whether its parts fit together is {@link dev.lockstep.spec.check.Checks}' business.
     *
     * @param projectDirectory base of the project's relative paths, as the tree names it
     * @param composeFiles those that were given or found, as the tree names them, later ones over earlier ones; what
     *     they include is not among them
     */
    record Valid(
            Project project,
            String projectDirectory,
            List<String> composeFiles,
            List<Problem> warnings,
            SortedSet<String> files)
            implements Loaded {
        public Valid {
            composeFiles = List.copyOf(composeFiles);
            warnings = List.copyOf(warnings);
            files = Collections.unmodifiableSortedSet(new TreeSet<>(files));
        }
    }

    /** Why there is no project, for who tells it by a number. The first of these that holds. */
    enum Cause {
        /** A file of variables for the files themselves, or the name that was asked for. */
        SURROUNDINGS,
        /** A file that is not there, or cannot be opened. */
        MISSING_FILE,
        /** What stands in the files. */
        CONTENT,
        /** A service was asked for that the files do not have. */
        SERVICES
    }

    /**
     * No project.
     *
     * @param cause of the errors, the weightiest
     * @param errors at least one
     * @param readable what could be read of the project, without the values that are wrong: for looking at the rest
     */
    record Invalid(
            Cause cause,
            List<Problem> errors,
            List<Problem> warnings,
            SortedSet<String> files,
            Optional<Project> readable)
            implements Loaded {
        public Invalid {
            errors = List.copyOf(errors);
            warnings = List.copyOf(warnings);
            files = Collections.unmodifiableSortedSet(new TreeSet<>(files));
        }
    }
}
