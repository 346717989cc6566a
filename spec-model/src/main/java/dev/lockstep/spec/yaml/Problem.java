package dev.lockstep.spec.yaml;

import java.util.Comparator;

/**
 * Something a user must or should put right.
 *
 * @param at where it stands
 * @param path what it is about, such as {@code services.web.ports[0]}; empty when it is the file as a whole
 * @param message one or two sentences: what is wrong and, where possible, what to write instead
 */
public record Problem(SourcePosition at, String path, String message) implements Comparable<Problem> {
    private static final Comparator<Problem> BY_POSITION = Comparator.comparing((Problem p) -> p.at().file())
            .thenComparingInt(p -> p.at().line())
            .thenComparingInt(p -> p.at().column())
            .thenComparing(Problem::path)
            .thenComparing(Problem::message);

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
        return BY_POSITION.compare(this, other);
    }

    /** {@code file:line:col: path: message}. */
    @Override
    public String toString() {
        return at + ": " + (path.isEmpty() ? "" : path + ": ") + message;
    }
}
