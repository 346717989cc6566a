package dev.lockstep.spec.load;

import dev.lockstep.spec.read.Surroundings.VariableFile;
import dev.lockstep.spec.yaml.Problems;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Reads the {@code env_file}s of services. */
final class EnvFiles {
    private final SourceFiles files;
    private final String projectDirectory;
    private final Problems problems;

    EnvFiles(SourceFiles files, String projectDirectory, Problems problems) {
        this.files = files;
        this.projectDirectory = projectDirectory;
        this.problems = problems;
    }

    /** The variables of all files, later over earlier; the paths that were looked at are added to {@code read}. */
    Map<String, Variables.Value> read(
            List<VariableFile> named, Function<String, Optional<String>> outside, List<String> read) {
        var values = new LinkedHashMap<String, Variables.Value>();
        for (var entry : named) {
            var path = files.resolve(projectDirectory, entry.path());
            read.add(path);
            var text = files.text(path, entry.at(), entry.modelPath());
            if (text.isPresent()) {
                var found = entry.raw()
                        ? Dotenv.parseRaw(path, text.get(), outside, problems)
                        : Dotenv.parse(path, text.get(), outside, new HashMap<>(values), problems);
                found.values().forEach(value -> files.charge(value.text().length()));
                values.putAll(found);
            } else if (entry.required() && !files.failed(path)) {
                problems.error(
                        entry.at(),
                        entry.modelPath(),
                        entry.modelPath().isEmpty()
                                ? "couldn't find env file: " + entry.path()
                                : "env file " + entry.path() + " not found");
            }
        }
        return values;
    }
}
