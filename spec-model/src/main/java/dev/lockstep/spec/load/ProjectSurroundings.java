package dev.lockstep.spec.load;

import dev.lockstep.spec.read.Surroundings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The variables of one load, and the files of the tree it loads from. */
final class ProjectSurroundings implements Surroundings {
    private final Variables variables;
    private final InheritedVariables inherited;
    private final EnvFiles files;
    private final boolean resolve;

    /** @param resolve false: services take nothing from outside */
    ProjectSurroundings(Variables variables, InheritedVariables inherited, EnvFiles files, boolean resolve) {
        this.variables = variables;
        this.inherited = inherited;
        this.files = files;
        this.resolve = resolve;
    }

    @Override
    public Optional<Value> variable(String name) {
        return resolve ? variables.get(name).map(ProjectSurroundings::value) : Optional.empty();
    }

    @Override
    public Optional<Value> content(String modelPath, String name) {
        return resolve
                ? inherited
                        .content(modelPath, name)
                        .map(ProjectSurroundings::value)
                        .or(() -> variable(name))
                : Optional.empty();
    }

    @Override
    public Map<String, Value> files(
            List<VariableFile> named, Function<String, Optional<String>> outside, List<String> read) {
        var values = new LinkedHashMap<String, Value>();
        if (resolve) {
            files.read(named, outside, read).forEach((name, found) -> values.put(name, value(found)));
        }
        return values;
    }

    private static Value value(Variables.Value value) {
        return new Value(value.text(), value.at());
    }
}
