package dev.lockstep.reconciler.contexts;

import java.util.List;
import java.util.Locale;

/**
 * Where a Dockerfile is looked for: where it says, and as docker has it, where there is no {@code Dockerfile} also
 * under that name in lower case (moby/moby#10858).
 */
public final class DockerfileNames {
    private static final String USUAL = "Dockerfile";

    private DockerfileNames() {}

    /** The paths to try, the first of which a message names. */
    public static List<String> of(String path) {
        var directory = path.substring(0, path.lastIndexOf('/') + 1);
        return path.substring(directory.length()).equals(USUAL)
                ? List.of(path, directory + USUAL.toLowerCase(Locale.ROOT))
                : List.of(path);
    }
}
