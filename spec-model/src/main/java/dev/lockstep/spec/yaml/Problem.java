package dev.lockstep.spec.yaml;

/**
 * Something a user must or should put right.
 *
 * @param at where it stands
 * @param path what it is about, such as {@code services.web.ports[0]}; empty when it is the file as a whole
 * @param message one or two sentences: what is wrong and, where possible, what to write instead
 */
public record Problem(SourcePosition at, String path, String message) implements Comparable<Problem> {
    /**
     * Control characters that a file's text brings along are written as escapes, and long text is cut in the middle.
     */
    public Problem {
        path = ShownText.of(path);
        message = ShownText.of(message);
    }

    /** By file, line and column, as an editor lists problems. */
    @Override
    public int compareTo(Problem other) {
        var order = at.file().compareTo(other.at.file());
        order = order == 0 ? Integer.compare(at.line(), other.at.line()) : order;
        order = order == 0 ? Integer.compare(at.column(), other.at.column()) : order;
        order = order == 0 ? path.compareTo(other.path) : order;
        return order == 0 ? message.compareTo(other.message) : order;
    }

    /** {@code file:line:col: path: message}. */
    @Override
    public String toString() {
        return at + ": " + (path.isEmpty() ? "" : path + ": ") + message;
    }
}
