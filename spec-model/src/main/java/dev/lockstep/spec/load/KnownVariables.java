package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Problem;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The variables that the files of a project can ask for: the environment, env files, the project's name.
 *
 * @param values by name
 * @param errors of the project, sorted by position; where there are some, {@code values} may be incomplete
 * @param warnings sorted by position
 */
public record KnownVariables(SortedMap<String, String> values, List<Problem> errors, List<Problem> warnings) {
    public KnownVariables {
        values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
        errors = List.copyOf(errors);
        warnings = List.copyOf(warnings);
    }
}
