package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.Problems;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A file in the syntax of {@code .env} that stands alone: values that a host's owner keeps beside a repository. */
public final class EnvironmentFile {
    private EnvironmentFile() {}

    /**
     * The assignments in order; the last of a name counts.
     *
     * @param file its name, for positions
     * @throws IllegalArgumentException with every problem and its position
     */
    public static Map<String, String> read(String file, String text) {
        var problems = new Problems();
        var values = Dotenv.parse(file, text, _ -> Optional.empty(), Map.of(), problems);
        if (problems.hasErrors()) {
            throw new IllegalArgumentException(
                    problems.errors().stream().map(Problem::toString).collect(Collectors.joining("\n")));
        }
        var assignments = new LinkedHashMap<String, String>();
        values.forEach((name, value) -> assignments.put(name, value.text()));
        return assignments;
    }
}
