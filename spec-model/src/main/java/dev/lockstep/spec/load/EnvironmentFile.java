package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A file in the syntax of {@code .env} that stands alone: values that a host's owner keeps beside a repository.
 *
 * @param values the assignments; the last of a name counts
 * @param places where each of them stands
 */
public record EnvironmentFile(Map<String, String> values, Map<String, SourcePosition> places) {
    /** One without assignments. */
    public static final EnvironmentFile EMPTY = new EnvironmentFile(Map.of(), Map.of());

    public EnvironmentFile {
        values = Map.copyOf(values);
        places = Map.copyOf(places);
    }

    /**
     * Reads the assignments.
     *
     * @param file its name, for positions
     * @throws IllegalArgumentException with every problem and its position
     */
    public static EnvironmentFile read(String file, String text) {
        var problems = new Problems();
        var assignments = Dotenv.parse(file, text, _ -> Optional.empty(), Map.of(), problems);
        if (problems.hasErrors()) {
            throw new IllegalArgumentException(
                    problems.errors().stream().map(Problem::toString).collect(Collectors.joining("\n")));
        }
        var values = new LinkedHashMap<String, String>();
        var places = new LinkedHashMap<String, SourcePosition>();
        assignments.forEach((name, value) -> {
            values.put(name, value.text());
            places.put(name, value.at());
        });
        return new EnvironmentFile(values, places);
    }

    /** The names alone: values do not reach a log by accident. */
    @Override
    public String toString() {
        return values.keySet().toString();
    }
}
