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
    record Understood<T>(String text, T meaning) implements Written<T> {
        @Override
        public Optional<T> value() {
            return Optional.of(meaning);
        }

        @Override
        public Optional<String> problem() {
            return Optional.empty();
        }
    }

    /**
     * A text that means nothing here; a project that has one can be printed and not run.
     *
     * @param reason a sentence for the user
     */
    record Rejected<T>(String text, String reason) implements Written<T> {
        @Override
        public Optional<T> value() {
            return Optional.empty();
        }

        @Override
        public Optional<String> problem() {
            return Optional.of(reason);
        }
    }

    /** What {@code parser} makes of the text; its {@link IllegalArgumentException} is the problem. */
    static <T> Written<T> of(String text, Function<String, T> parser) {
        try {
            return new Understood<>(text, parser.apply(text));
        } catch (IllegalArgumentException e) {
            return new Rejected<>(text, String.valueOf(e.getMessage()));
        }
    }

    /** The meaning, unless there is none. */
    Optional<T> value();

    /** Why there is no meaning. */
    Optional<String> problem();
}
