package dev.lockstep.spec.load;

import dev.lockstep.spec.interpolate.Interpolation;
import dev.lockstep.spec.yaml.Problems;
import dev.lockstep.spec.yaml.SourcePosition;
import dev.lockstep.spec.yaml.YamlDocument;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlScalar;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a project may be called, and what this one is. */
public final class ProjectNames {
    private static final int LONGEST = 1 << 10;

    private ProjectNames() {}

    /** Whether a project may be called that where somebody names it: nothing is made of it that it is not. */
    public static boolean isValid(String name) {
        return name.matches("[a-z0-9][a-z0-9_-]*");
    }

    /** A name from a file or a directory made valid, as Compose does it; may become empty. */
    private static String normalized(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_-]", "").replaceAll("^[_-]+", "");
    }

    /** The project's name; empty with the problem told if there is none. */
    static Optional<String> chosen(
            LoadRequest request,
            ProjectVariables variables,
            String projectDirectory,
            List<YamlDocument> documents,
            Problems problems) {
        var given = request.projectName().or(() -> variables.setting("COMPOSE_PROJECT_NAME"));
        if (given.isPresent()) {
            return given.filter(name -> requireValid(name, problems));
        }
        var name = inFiles(documents, variables.variables())
                .or(request::defaultName)
                .orElseGet(() -> request.tree().nameOf(projectDirectory));
        var normalized = normalized(name);
        if (normalized.isEmpty()) {
            var at = documents.isEmpty()
                    ? SourcePosition.DEFAULT
                    : documents.getFirst().root().at();
            problems.error(at, "name", "project name must not be empty. Write name: at the top of the file");
            return Optional.empty();
        }
        return Optional.of(normalized);
    }

    private static boolean requireValid(String name, Problems problems) {
        if (isValid(name)) {
            return true;
        }
        problems.error(SourcePosition.DEFAULT, "name", invalid(name));
        return false;
    }

    /** Compose's sentence about a name that is not {@link #isValid}. */
    public static String invalid(String name) {
        return "invalid project name \"" + name + "\": must consist only of lowercase alphanumeric characters,"
                + " hyphens, and underscores as well as start with a letter or number";
    }

    /** The last {@code name:} that a document sets. */
    private static Optional<String> inFiles(List<YamlDocument> documents, Variables variables) {
        Optional<String> name = Optional.empty();
        for (var document : documents) {
            if (document.root() instanceof YamlMapping mapping
                    && mapping.get("name") instanceof YamlScalar scalar
                    && scalar.isText()
                    // What cannot be interpolated is told when the whole document is.
                    && Interpolation.interpolate(scalar.text(), variables::text, LONGEST)
                            instanceof Interpolation.Result.Text(var value, var unset, var used)) {
                name = value.isEmpty() && name.isPresent() ? name : Optional.of(value);
            }
        }
        return name;
    }
}
