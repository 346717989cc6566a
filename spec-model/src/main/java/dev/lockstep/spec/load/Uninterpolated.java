package dev.lockstep.spec.load;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.List;

/**
 * What came of loading a project whose variables stand as they are written ({@code config --no-interpolate} and
 * {@code --variables}). A variable is text, so a value of another type that has one cannot be read; all else is read
 * and refused as always. Problems are sorted by position.
 */
public sealed interface Uninterpolated {
    /** What should be put right some day. */
    List<Problem> warnings();

    /**
     * A project.
     *
     * @param root all files, what they include and extend, over each other
     * @param whole every service, and what none of them uses; without the values of {@code untyped}
     * @param wanted what profiles and services select of it
     * @param projectDirectory base of the project's relative paths, as the tree names it
     * @param variables those that the files ask for, by name
     * @param untyped what is said of the values that cannot be read before their variables are replaced
     */
    record Valid(
            YamlNode root,
            Project whole,
            Project wanted,
            String projectDirectory,
            List<UsedVariable> variables,
            List<Problem> untyped,
            List<Problem> warnings)
            implements Uninterpolated {
        public Valid {
            variables = List.copyOf(variables);
            untyped = List.copyOf(untyped);
            warnings = List.copyOf(warnings);
        }
    }

    /**
     * No project.
     *
     * @param cause of the errors, the weightiest
     * @param errors at least one
     */
    record Invalid(Loaded.Cause cause, List<Problem> errors, List<Problem> warnings) implements Uninterpolated {
        public Invalid {
            errors = List.copyOf(errors);
            warnings = List.copyOf(warnings);
        }
    }
}
