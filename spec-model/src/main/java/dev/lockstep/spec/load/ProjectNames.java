package dev.lockstep.spec.load;

import java.util.Locale;

/** What a project may be called. */
final class ProjectNames {
    private ProjectNames() {}

    static boolean isValid(String name) {
        return name.matches("[a-z0-9][a-z0-9_-]*");
    }

    /** A name from a file or a directory made valid, as Compose does it; may become empty. */
    static String normalized(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_-]", "").replaceAll("^[_-]+", "");
    }
}
