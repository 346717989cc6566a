package dev.lockstep.runtime.dockerfile;

import java.util.Optional;

/**
 * Something in a Dockerfile that must be put right, or that is read and probably not meant so.
 *
 * @param message what is wrong, in the words that BuildKit has for it where it has some
 * @param suggestion the word that was probably meant, such as {@code FROM}
 */
public record Problem(SourceRange at, String message, Optional<String> suggestion) implements Comparable<Problem> {
    /** Control characters that a file's text brings along are written as escapes, and long text is cut. */
    public Problem {
        message = Shown.plain(message);
    }

    static Problem of(SourceRange at, String message) {
        return new Problem(at, message, Optional.empty());
    }

    /** The message, with {@code (did you mean …?)} where a word is near. */
    public String text() {
        return message + suggestion.map(word -> " (did you mean " + word + "?)").orElse("");
    }

    /** By place. */
    @Override
    public int compareTo(Problem other) {
        var order = at.compareTo(other.at);
        return order == 0 ? message.compareTo(other.message) : order;
    }
}
