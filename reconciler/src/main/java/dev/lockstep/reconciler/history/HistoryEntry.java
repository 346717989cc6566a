package dev.lockstep.reconciler.history;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One run for one stack. A run that found nothing to do leaves no entry.
 *
 * @param time when it ended
 * @param host name of the host
 * @param root id of the root
 * @param stack name of the stack
 * @param repository URL without credentials; absent for a plain directory
 * @param commit absent for a plain directory
 * @param ref absent for a plain directory
 * @param trigger why it ran, in a word: {@code poll}, {@code sync}, {@code drift}, {@code command}, {@code start}
 * @param operations one line each, as the plan prints them; secrets are masked by whoever made the plan
 * @param message what a person must know; empty when there is nothing
 * @param duration from the first operation to the last
 */
public record HistoryEntry(
        Instant time,
        String host,
        String root,
        String stack,
        Optional<String> repository,
        Optional<String> commit,
        Optional<String> ref,
        String trigger,
        Outcome outcome,
        List<String> operations,
        String message,
        Duration duration) {
    public HistoryEntry {
        operations = List.copyOf(operations);
        if (duration.isNegative()) {
            throw new IllegalArgumentException("negative duration");
        }
    }
}
