package dev.lockstep.spec.read;

import java.util.Arrays;
import java.util.function.Function;

/** Values that are one word of a few. */
final class Words {
    private Words() {}

    /**
     * A parser of one of {@code values}.
     *
     * @param word how each is written
     * @param what it is, for the message, such as {@code a condition}
     */
    static <E> Function<String, E> oneOf(E[] values, Function<E, String> word, String what) {
        return text -> {
            for (var value : values) {
                if (word.apply(value).equals(text)) {
                    return value;
                }
            }
            throw new IllegalArgumentException("\"" + text + "\" is not " + what + ". Write " + all(values, word));
        };
    }

    private static <E> String all(E[] values, Function<E, String> word) {
        var words = Arrays.stream(values).map(word).toList();
        var last = words.size() - 1;
        return last == 0 ? words.getFirst() : String.join(", ", words.subList(0, last)) + " or " + words.get(last);
    }

    /** The same where the words are all that is wanted. */
    static Function<String, String> oneOf(String what, String... words) {
        return oneOf(words, Function.identity(), what);
    }
}
