package dev.lockstep.spec.settings;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Why an agent holds a plan until a person agrees. A file names a guard to say that it need not hold a stack's plans.
 */
public enum Guard {
    /** Nothing of the stack would be left. */
    LAST_SERVICE,
    /** More than half of the host's containers, and at least three, would go. */
    MOST_OF_HOST,
    /** Something with data would go, and nothing would use the data any more. */
    DATA,
    /** Something would go, by a commit that does not follow the one that runs. */
    REWRITTEN,
    /** The repository has the stack no longer. */
    ORPHANED,
    /** The repository has none of its stacks any longer. */
    REPOSITORY;

    /** As files and people have it: {@code last-service}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Reads {@link #word}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static Guard parse(String text) {
        return Arrays.stream(values())
                .filter(guard -> guard.word().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("\"" + text + "\" is no guard. Write one of "
                        + Arrays.stream(values()).map(Guard::word).collect(Collectors.joining(", "))));
    }
}
