package dev.lockstep.runtime.log;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which lines.
 *
 * @param tail the last so many lines, over rotated files
 * @param since lines at or after this
 * @param until lines at or before this
 */
public record LogQuery(OptionalInt tail, Optional<Instant> since, Optional<Instant> until) {
    /** Everything. */
    public static final LogQuery ALL = new LogQuery(OptionalInt.empty(), Optional.empty(), Optional.empty());

    public LogQuery {
        if (tail.isPresent() && tail.getAsInt() < 0) {
            throw new IllegalArgumentException("the number of lines cannot be negative, got " + tail.getAsInt());
        }
    }
}
