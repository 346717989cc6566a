package dev.lockstep.spec.model;

import java.util.Optional;
import java.util.function.Function;

/**
 * A value that Compose prints as it is written and leaves to the host to judge. Nothing may be lost of it, and whoever
 * uses it wants its meaning: so both are kept, or the reason why there is none.
 *
 * @param <T> what the text means
 */
public sealed interface Written<T> {
    /** The text as the file has it. */
    String text();

    /** A text and its meaning. */
    record Understood<T>(String text, T meaning) implements Written<T> {}

    /**
     * A text that means nothing here; a project that has one can be printed and not run.
     *
     * @param reason a sentence for the user
     */
    record Rejected<T>(String text, String reason) implements Written<T> {}

    /** What {@code parser} makes of the text; its {@link IllegalArgumentException} is the problem. */
    static <T> Written<T> of(String text, Function<String, T> parser) {
        try {
            return new Understood<>(text, parser.apply(text));
        } catch (IllegalArgumentException e) {
            return new Rejected<>(text, String.valueOf(e.getMessage()));
        }
    }

    /** The meaning, unless there is none. */
    default Optional<T> value() {
        return switch (this) {
            case Understood<T>(var unused, var meaning) -> Optional.of(meaning);
            case Rejected<T> _ -> Optional.empty();
        };
    }

    /** Why there is no meaning. */
    default Optional<String> problem() {
        return switch (this) {
            case Understood<T> _ -> Optional.empty();
            case Rejected<T>(var unused, var reason) -> Optional.of(reason);
        };
    }
}
