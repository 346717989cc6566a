package dev.lockstep.spec.load;

import dev.lockstep.spec.read.Surroundings.VariableFile;
import dev.lockstep.spec.yaml.Problems;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Reads files of variables: {@code .env}, and the {@code env_file}s and {@code label_file}s of services. */
final class EnvFiles {
    /** About the bytes that one variable takes beside its text: its entry in a service, and its place. */
    private static final int EACH = 96;

    private final SourceFiles files;
    private final String projectDirectory;
    private final Problems problems;
    private final Map<Content, Map<String, Variables.Value>> same = new HashMap<>();

    /** A file that means the same for every service: no variable in it takes anything from outside. */
    private record Content(String path, boolean raw) {}

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
            var found = variables(entry, path, outside, values);
            if (found.isEmpty() && entry.required() && !files.failed(path)) {
                problems.missing(
                        entry.at(),
                        entry.modelPath(),
                        entry.modelPath().isEmpty()
                                ? "couldn't find env file: " + entry.path()
                                : entry.kind() + " " + entry.path() + " not found");
            }
            found.ifPresent(more -> {
                if (files.charge((long) EACH * more.size(), entry.at(), entry.modelPath())) {
                    values.putAll(more);
                }
            });
        }
        return values;
    }

    /** Empty if there is no such file. */
    private Optional<Map<String, Variables.Value>> variables(
            VariableFile entry,
            String path,
            Function<String, Optional<String>> outside,
            Map<String, Variables.Value> before) {
        var content = new Content(path, entry.raw());
        var known = same.get(content);
        if (known != null) {
            return Optional.of(known);
        }
        return files.text(path, entry.at(), entry.modelPath()).map(text -> {
            var lookup = new Lookup(outside);
            var found = entry.raw()
                    ? Dotenv.parseRaw(path, text, lookup, problems)
                    : Dotenv.parse(path, text, lookup, new HashMap<>(before), problems);
            long characters = found.values().stream()
                    .mapToLong(value -> value.text().length())
                    .sum();
            if (lookup.asked) {
                // The next service has to go through all of it again.
                characters += text.length();
            } else {
                same.put(content, found);
            }
            return files.charge(characters, entry.at(), entry.modelPath()) ? found : Map.of();
        });
    }

    /** Remembers whether anything was asked of it; a file asks it before it looks at other files and at itself. */
    private static final class Lookup implements Function<String, Optional<String>> {
        private final Function<String, Optional<String>> outside;
        private boolean asked;

        Lookup(Function<String, Optional<String>> outside) {
            this.outside = outside;
        }

        @Override
        public Optional<String> apply(String name) {
            asked = true;
            return outside.apply(name);
        }
    }
}
