package dev.lockstep.spec.read;

import java.util.Optional;

/** Paths of the host as users write them: cleaned, {@code ~} taken for the home directory. */
final class HostPaths {
    private final Optional<String> home;

    /** @param home what {@code ~} stands for */
    HostPaths(Optional<String> home) {
        this.home = home;
    }

    /**
     * An absolute path, or one relative to the project directory, which itself is {@code .}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    String path(String text) {
        if (text.startsWith("~")) {
            var rest = text.substring(1);
            if (!rest.isEmpty() && !rest.startsWith("/")) {
                throw new IllegalArgumentException("\"" + text + "\": only ~ itself and ~/PATH are known");
            }
            return TreePaths.clean(home.orElseThrow(() -> new IllegalArgumentException(
                            "\"" + text + "\": there is no home directory here. Write an absolute path"))
                    + rest);
        }
        var clean = TreePaths.clean(text);
        return clean.isEmpty() ? "." : clean;
    }

    /** The same, of something that cannot be the project directory. */
    String file(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("is empty. Write the path of a file");
        }
        return path(text);
    }
}
