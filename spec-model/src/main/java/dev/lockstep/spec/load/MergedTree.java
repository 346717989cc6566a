package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.YamlNode;
import java.util.List;
import java.util.Optional;

/**
 * The files of a project as one tree, before anything is read from it.
 *
 * @param root all files, what they include and extend, over each other; empty if there are errors
 * @param name the project's
 * @param errors sorted by position, as {@code warnings}
 */
public record MergedTree(Optional<YamlNode> root, Optional<String> name, List<Problem> errors, List<Problem> warnings) {
    public MergedTree {
        errors = List.copyOf(errors);
        warnings = List.copyOf(warnings);
    }
}
