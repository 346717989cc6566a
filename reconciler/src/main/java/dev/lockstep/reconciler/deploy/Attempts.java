package dev.lockstep.reconciler.deploy;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What was asked of registries lately and had no good answer, so that whoever looks every minute does not ask every
 * minute. Lives as long as whoever looks; not for two threads at once.
 */
final class Attempts {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private final Map<String, Failure> failures = new HashMap<>();

    /**
     * A question without a good answer.
     *
     * @param why a sentence
     * @param next when it may be asked again
     * @param count how often it was asked in vain
     */
    record Failure(String why, Instant at, Instant next, int count) {}

    /**
     * The last failure, while it is too early to ask again.
     *
     * @param since failures before that time do not count: a person asks, or there is another commit
     */
    Optional<Failure> holdingBack(String question, Instant now, Instant since) {
        return Optional.ofNullable(failures.get(question))
                .filter(f -> now.isBefore(f.next()) && !f.at().isBefore(since) && !f.at().isAfter(now));
    }

    /** It was asked in vain: again in 1 s, 2 s, 4 s … 10 min. */
    Failure failed(String question, String why, Instant now) {
        var count =
                Optional.ofNullable(failures.get(question)).map(Failure::count).orElse(0) + 1;
        var pause = FIRST.multipliedBy(1L << Math.min(count - 1, 10));
        var failure = new Failure(why, now, now.plus(pause.compareTo(LONGEST) < 0 ? pause : LONGEST), count);
        failures.put(question, failure);
        return failure;
    }

    void succeeded(String question) {
        failures.remove(question);
    }
}
