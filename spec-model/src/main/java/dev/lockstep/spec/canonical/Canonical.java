package dev.lockstep.spec.canonical;

import dev.lockstep.spec.model.Project;
import java.nio.file.Path;

/** A project as {@code docker compose config} prints it; loading the text again gives the same project. */
public final class Canonical {
    private Canonical() {}

    /** As YAML. Relative bind sources are resolved against {@code projectDirectory}, an absolute path. */
    public static String yaml(Project project, Path projectDirectory) {
        return YamlWriter.write(new CanonicalForm(projectDirectory, false).of(project));
    }

    /** As JSON, with an end of line; what is not set is written out where docker compose does. */
    public static String json(Project project, Path projectDirectory) {
        return JsonWriter.write(new CanonicalForm(projectDirectory, true).of(project));
    }
}
