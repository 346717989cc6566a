package dev.lockstep.spec.load;

/**
 * Which files a project may name. A project that others write ({@code include}, {@code env_file}, a secret's
 * {@code file}) could otherwise make this machine read, and give to a container, whatever it has.
 *
 * @param everywhere whether files outside of the tree may be named
 * @param optOut how a user allows it, as the end of a sentence that begins with "To allow this, "
 */
public record FileAccess(boolean everywhere, String optOut) {
    /** For a user's own files. */
    public static FileAccess anywhere() {
        return new FileAccess(true, "");
    }

    /** For files of others: nothing outside of the tree, neither by name nor through links. */
    public static FileAccess insideTree(String optOut) {
        return new FileAccess(false, optOut);
    }

    /** What is wrong with a path that leads out. */
    String refusal(String path) {
        return path + " is outside of this project's tree, and it may not read files there"
                + (optOut.isEmpty() ? "" : ". To allow this, " + optOut);
    }
}
