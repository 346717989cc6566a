package dev.lockstep.spec.load;

import dev.lockstep.spec.interpolate.Interpolation;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlLimits;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlReader;
import dev.lockstep.spec.yaml.YamlScalar;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One run of the loader: variables, files, name, then each document interpolated and put over the ones before, then the
 * whole read as a project. Each step goes on after a problem where that can still find others.
 */
final class Loading {
    private static final int LONGEST_NAME = 1 << 10;

    private final LoadRequest request;
    private final Problems problems = new Problems();
    private final SourceFiles files;
    private final Variables variables;

    Loading(LoadRequest request) {
        this.request = request;
        this.files = new SourceFiles(request.tree(), problems);
        this.variables = new Variables(request.environment());
    }

    Loaded run() {
        request.projectName().ifPresent(this::requireValid);
        var named = envFileNames();
        if (named.isEmpty()) {
            readDefaultEnv(firstEnvDirectory());
        } else {
            readNamedEnv(named);
        }
        var composeFiles = composeFiles();
        if (composeFiles.isEmpty()) {
            return invalid();
        }
        var projectDirectory = request.projectDirectory()
                .map(directory -> TreePaths.resolve(request.directory(), directory))
                .orElseGet(() -> TreePaths.directoryOf(composeFiles.getFirst()));
        if (named.isEmpty()) {
            readDefaultEnv(projectDirectory);
        }
        var documents = documents(composeFiles);
        var name = projectName(projectDirectory, documents);
        if (name.isEmpty() || documents.isEmpty()) {
            return invalid();
        }
        variables.set("COMPOSE_PROJECT_NAME", new Variables.Value(name.get(), SourcePosition.DEFAULT));
        var reading = new Reading(problems);
        var envFiles = new EnvFiles(files, projectDirectory, problems);
        var home = Optional.ofNullable(request.environment().get("HOME"));
        var services = new ServiceReader(reading, variables, envFiles, home);
        var project = new ProjectReader(reading, services, name.get()).read(merged(documents));
        return problems.hasErrors()
                ? invalid()
                : new Loaded.Valid(project, projectDirectory, problems.warnings(), files.seen());
    }

    private Loaded invalid() {
        return new Loaded.Invalid(problems.errors(), problems.warnings(), files.seen());
    }

    private Optional<String> composeVariable(String name) {
        return request.composeVariables() ? variables.text(name).filter(v -> !v.isEmpty()) : Optional.empty();
    }

    // ---- environment files

    private List<String> envFileNames() {
        if (!request.envFiles().isEmpty()) {
            return request.envFiles();
        }
        return composeVariable("COMPOSE_ENV_FILES")
                .map(list -> List.of(list.split(",", -1)))
                .orElse(List.of());
    }

    private void readNamedEnv(List<String> names) {
        var values = new LinkedHashMap<String, Variables.Value>();
        for (var name : names) {
            var path = TreePaths.resolve(request.directory(), name);
            var at = new SourcePosition(path, 1, 1);
            var text = files.text(path, at, "");
            if (text.isPresent()) {
                values.putAll(Dotenv.parse(path, text.get(), variables::text, new HashMap<>(values), problems));
            } else if (!files.failed(path)) {
                problems.error(at, "", "couldn't find env file: " + name);
            }
        }
        variables.addMissing(values);
    }

    private String firstEnvDirectory() {
        if (request.projectDirectory().isPresent()) {
            return TreePaths.resolve(
                    request.directory(), request.projectDirectory().get());
        }
        return request.files().isEmpty()
                ? request.directory()
                : TreePaths.directoryOf(
                        TreePaths.resolve(request.directory(), request.files().getFirst()));
    }

    private void readDefaultEnv(String directory) {
        var disabled = composeVariable("COMPOSE_DISABLE_ENV_FILE").orElse("");
        var path = TreePaths.resolve(directory, ".env");
        if (disabled.equalsIgnoreCase("true")
                || disabled.equals("1")
                || files.seen().contains(path)) {
            return;
        }
        files.text(path, new SourcePosition(path, 1, 1), "")
                .ifPresent(text -> variables.addMissing(Dotenv.parse(path, text, variables::text, Map.of(), problems)));
    }

    // ---- compose files

    private List<String> composeFiles() {
        var named = request.files();
        if (named.isEmpty()) {
            var separator = composeVariable("COMPOSE_PATH_SEPARATOR").orElse(":");
            named = composeVariable("COMPOSE_FILE")
                    .map(list -> List.of(list.split(Pattern.quote(separator), -1)))
                    .orElse(List.of());
        }
        if (!named.isEmpty()) {
            return named.stream()
                    .map(name -> TreePaths.resolve(request.directory(), name))
                    .toList();
        }
        var start = request.projectDirectory()
                .map(directory -> TreePaths.resolve(request.directory(), directory))
                .orElse(request.directory());
        var here = new SourcePosition(start.isEmpty() ? "." : start, 1, 1);
        try {
            var found = ComposeFiles.from(request.tree(), start);
            if (found.isEmpty()) {
                problems.error(
                        here, "", "no compose file found here or above. Write compose.yaml, or name a file with -f");
                return List.of();
            }
            if (!found.get().others().isEmpty()) {
                var used = found.get().files().getFirst();
                problems.warning(
                        new SourcePosition(used, 1, 1),
                        "",
                        "is used, and " + String.join(", ", found.get().others())
                                + " beside it not. Keep only one of them");
            }
            return found.get().files();
        } catch (IOException e) {
            problems.error(here, "", "cannot be listed: " + e.getMessage());
            return List.of();
        }
    }

    private List<YamlNode> documents(List<String> paths) {
        var documents = new ArrayList<YamlNode>();
        var reader = new YamlReader(YamlLimits.DEFAULT);
        for (var path : paths) {
            var start = new SourcePosition(path, 1, 1);
            var bytes = files.bytes(path, start, "");
            if (bytes.isEmpty()) {
                if (!files.failed(path)) {
                    problems.error(start, "", "no such file");
                }
                continue;
            }
            var before = problems.errors().size();
            var read = reader.read(path, bytes.get(), problems);
            if (read.stream().allMatch(Reading::isNull) && problems.errors().size() == before) {
                problems.error(start, "", "empty compose file");
            }
            for (var document : read) {
                if (document instanceof YamlMapping mapping) {
                    documents.add(document);
                    noteVersion(mapping);
                } else if (!Reading.isNull(document)) {
                    problems.error(document.at(), "", "top-level object must be a mapping");
                }
            }
        }
        return documents;
    }

    private void noteVersion(YamlMapping document) {
        var version = document.entries().get("version");
        if (version == null) {
            return;
        }
        if (version.value() instanceof YamlScalar scalar && scalar.isText()) {
            problems.warning(version.keyAt(), "version", "is obsolete and ignored. Remove it");
        } else {
            problems.error(
                    version.value().at(), "version", "must be text, such as \"3\". Better remove it: it is obsolete");
        }
    }

    private YamlNode merged(List<YamlNode> documents) {
        var merge = new Merge(problems);
        var interpolation = new TreeInterpolation(variables, problems);
        var merged = interpolation.apply(documents.getFirst(), "");
        for (var document : documents.subList(1, documents.size())) {
            merged = merge.files(merged, interpolation.apply(document, ""));
        }
        return merged;
    }

    // ---- project name

    private Optional<String> projectName(String projectDirectory, List<YamlNode> documents) {
        var given = request.projectName().or(() -> composeVariable("COMPOSE_PROJECT_NAME"));
        if (given.isPresent()) {
            return given.filter(this::requireValid);
        }
        var name = nameInFiles(documents)
                .or(request::defaultName)
                .orElseGet(() -> request.tree().nameOf(projectDirectory));
        var normalized = ProjectNames.normalized(name);
        if (normalized.isEmpty()) {
            var at = documents.isEmpty()
                    ? SourcePosition.DEFAULT
                    : documents.getFirst().at();
            problems.error(at, "name", "project name must not be empty. Write name: at the top of the file");
            return Optional.empty();
        }
        return Optional.of(normalized);
    }

    private boolean requireValid(String name) {
        if (ProjectNames.isValid(name)) {
            return true;
        }
        problems.error(
                SourcePosition.DEFAULT,
                "name",
                "invalid project name \"" + name + "\": must consist only of lowercase alphanumeric characters,"
                        + " hyphens, and underscores as well as start with a letter or number");
        return false;
    }

    /** The last {@code name:} that a document sets. */
    private Optional<String> nameInFiles(List<YamlNode> documents) {
        Optional<String> name = Optional.empty();
        for (var document : documents) {
            if (document instanceof YamlMapping mapping
                    && mapping.get("name") instanceof YamlScalar scalar
                    && scalar.isText()
                    // What cannot be interpolated is told when the whole document is.
                    && Interpolation.interpolate(scalar.text(), variables::text, LONGEST_NAME)
                            instanceof Interpolation.Result.Text(var value, var unset)) {
                name = value.isEmpty() && name.isPresent() ? name : Optional.of(value);
            }
        }
        return name;
    }
}
