package dev.lockstep.spec.canonical;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.yaml.YamlNode;
import java.nio.file.Path;

/** A project as {@code docker compose config} prints it; loading the text again gives the same project. */
public final class Canonical {
    private Canonical() {}

    /** As YAML. Relative bind sources are resolved against {@code projectDirectory}, an absolute path. */
    public static String yaml(Project project, Path projectDirectory) {
        return yaml(project, Presentation.of(projectDirectory));
    }

    /** As JSON, with an end of line; what is not set is written out where docker compose does. */
    public static String json(Project project, Path projectDirectory) {
        return json(project, Presentation.of(projectDirectory));
    }

    /** As YAML, with parts left out. */
    public static String yaml(Project project, Presentation presentation) {
        return YamlWriter.write(new CanonicalForm(presentation, false).of(project));
    }

    /** As JSON, with parts left out. */
    public static String json(Project project, Presentation presentation) {
        return JsonWriter.write(new CanonicalForm(presentation, true).of(project));
    }

    /** A tree of files as YAML, with its variables as they are written. */
    public static String yaml(YamlNode tree) {
        return YamlWriter.write(TreeForm.of(tree));
    }

    /** The same as JSON. */
    public static String json(YamlNode tree) {
        return JsonWriter.write(TreeForm.of(tree));
    }

    /** 64 hexadecimal digits that change when the service's containers would. */
    public static String hash(Project project, Service service, Path projectDirectory) {
        return ServiceHash.of(project, service, projectDirectory);
    }
}
