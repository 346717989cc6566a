package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
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

    /** One entry: where it is written, the path as written, and how to read it. */
    record Named(String modelPath, SourcePosition at, String path, boolean required, boolean raw) {}

    /** The variables of all files, later over earlier; the paths that were looked at are added to {@code read}. */
    Map<String, Variables.Value> read(
            List<Named> named, Function<String, Optional<String>> outside, List<String> read) {
        var values = new LinkedHashMap<String, Variables.Value>();
        for (var entry : named) {
            var path = TreePaths.resolve(projectDirectory, entry.path);
            read.add(path);
            var text = files.text(path, entry.at, entry.modelPath);
            if (text.isPresent()) {
                values.putAll(
                        entry.raw
                                ? Dotenv.parseRaw(path, text.get(), outside, problems)
                                : Dotenv.parse(path, text.get(), outside, new HashMap<>(values), problems));
            } else if (entry.required && !files.failed(path)) {
                problems.error(entry.at, entry.modelPath, "env file " + entry.path + " not found");
            }
        }
        return values;
    }
}
