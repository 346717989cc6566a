package dev.lockstep.spec.canonical;

import java.nio.file.Path;

/**
 * How a project is printed.
 *
 * @param projectDirectory absolute; what relative paths are resolved against
 * @param resolvePaths whether they are, or stay relative ({@code config --no-path-resolution})
 * @param filledIn whether variables are; else a {@code $} is one of a variable and stays single ({@code config
 *     --no-interpolate})
 * @param normalized whether what the files do not say is filled in ({@code config --no-normalize} leaves it out)
 */
public record Presentation(Path projectDirectory, boolean resolvePaths, boolean filledIn, boolean normalized) {
    /** As {@code config} prints without options. */
    public static Presentation of(Path projectDirectory) {
        return new Presentation(projectDirectory, true, true, true);
    }

    public Presentation withRelativePaths() {
        return new Presentation(projectDirectory, false, filledIn, normalized);
    }

    public Presentation withVariables() {
        return new Presentation(projectDirectory, resolvePaths, false, normalized);
    }

    public Presentation asWritten() {
        return new Presentation(projectDirectory, resolvePaths, filledIn, false);
    }

    /** A path of the model, cleaned and relative to the project directory, or absolute. */
    String path(String path) {
        if (resolvePaths) {
            return projectDirectory.resolve(path).normalize().toString();
        }
        var here = path.isEmpty() || path.equals(".");
        return here ? "." : path.startsWith("/") || path.startsWith("..") ? path : "./" + path;
    }
}
