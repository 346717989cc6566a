package dev.lockstep.runtime.build;

import java.util.ArrayList;
import java.util.List;

/** A command as an instruction gives it. */
public sealed interface Invocation {
    /** A list of words, run as it is. */
    record Exec(List<String> arguments) implements Invocation {
        public Exec {
            arguments = List.copyOf(arguments);
        }
    }

    /** A text for the shell. */
    record Shell(String text) implements Invocation {}

    /** What is run, where text goes to that shell. */
    default List<String> words(List<String> shell) {
        return switch (this) {
            case Exec(var arguments) -> arguments;
            case Shell(var text) -> {
                var words = new ArrayList<>(shell);
                words.add(text);
                yield List.copyOf(words);
            }
        };
    }
}
