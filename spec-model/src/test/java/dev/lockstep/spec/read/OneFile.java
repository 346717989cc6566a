package dev.lockstep.spec.read;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lockstep.spec.canonical.Canonical;
import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A project of one compose.yaml, loaded and printed in each of the ways that matter. */
record OneFile(JsonNode json, String yaml, List<String> errors, List<String> strict, List<String> warnings) {
    private static final Path PROJECT = Path.of("/p");
    private static final Map<String, String> ENVIRONMENT = Map.of("HOME", "/home/u", "SET", "set");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** A service {@code a} with an image and {@code attributes}, in flow style; then {@code rest}. */
    static OneFile service(Path directory, String attributes, String rest) throws IOException {
        return load(directory, "services: {a: {image: i, " + attributes + "}, b: {image: i}}\n" + rest);
    }

    static OneFile load(Path directory, String text) throws IOException {
        Files.writeString(directory.resolve("compose.yaml"), text);
        var loaded = new ComposeLoader()
                .load(LoadRequest.of(new DirectoryTree(directory))
                        .withProjectName("p")
                        .withEnvironment(ENVIRONMENT));
        var warnings = texts(loaded.warnings());
        return switch (loaded) {
            case Loaded.Invalid invalid ->
                new OneFile(MAPPER.missingNode(), "", texts(invalid.errors()), List.of(), warnings);
            case Loaded.Valid valid -> {
                var project = valid.project();
                yield new OneFile(
                        MAPPER.readTree(Canonical.json(project, PROJECT)),
                        Canonical.yaml(project, PROJECT),
                        texts(Checks.compose(project)),
                        texts(Checks.strict(project)),
                        warnings);
            }
        };
    }

    private static List<String> texts(List<Problem> problems) {
        return problems.stream().map(Problem::toString).toList();
    }

    /** What is printed of a key of the service. */
    JsonNode attribute(String key) {
        return json.path("services").path("a").path(key);
    }

    static JsonNode parse(String json) throws IOException {
        return MAPPER.readTree(json);
    }
}
