package dev.lockstep.reconciler.history;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * One run for one stack. A run that found nothing to do leaves no entry, unless it is the first of its revision.
 *
 * @param number by which people name it: 1 for the first of a stack; 0 until it is written down
 * @param time when it ended
 * @param host name of the host
 * @param root id of the root
 * @param stack name of the stack
 * @param repository URL without credentials; absent for a plain directory
 * @param commit absent for a plain directory
 * @param ref absent for a plain directory
 * @param author who wrote the commit, as it says; absent for a plain directory
 * @param subject first line of the commit's message; absent for a plain directory
 * @param trigger why it ran, in a word: {@code poll}, {@code sync}, {@code drift}, {@code command}, {@code start},
 *     {@code rollback}, {@code build}
 * @param by who asked for it or agreed to it, as the host knows people; absent when nobody did
 * @param operations one line each, as the plan prints them; secrets are masked by whoever made the plan
 * @param steps what became of each operation; none when nothing was tried
 * @param images what image references stood for in the stack's containers afterwards, by reference
 * @param overrides what was passed over because somebody said so: a guard, a window
 * @param message what a person must know; empty when there is nothing
 * @param duration from the first operation to the last
 * @param version of Lockstep that did it; absent in an entry of a version that did not say
 * @param plan digest of what the plan does and why: two runs of the same plan have the same; absent without one
 */
public record HistoryEntry(
        long number,
        Instant time,
        String host,
        String root,
        String stack,
        Optional<String> repository,
        Optional<String> commit,
        Optional<String> ref,
        Optional<String> author,
        Optional<String> subject,
        String trigger,
        Optional<String> by,
        Outcome outcome,
        List<String> operations,
        List<Step> steps,
        Map<String, String> images,
        List<String> overrides,
        String message,
        Duration duration,
        Optional<String> version,
        Optional<String> plan) {
    /**
     * What became of an operation.
     *
     * @param operation kind and name, such as {@code container shop-web-1}
     * @param result {@code done}, {@code failed} or {@code skipped}
     * @param took absent unless it was done
     * @param why one sentence; absent when it was done
     */
    public record Step(String operation, String result, Optional<Duration> took, Optional<String> why) {}

    public HistoryEntry {
        // An entry of an earlier version has none of these.
        author = Objects.requireNonNullElse(author, Optional.empty());
        subject = Objects.requireNonNullElse(subject, Optional.empty());
        by = Objects.requireNonNullElse(by, Optional.empty());
        version = Objects.requireNonNullElse(version, Optional.empty());
        plan = Objects.requireNonNullElse(plan, Optional.empty());
        steps = List.copyOf(Objects.requireNonNullElse(steps, List.of()));
        images = Collections.unmodifiableMap(new LinkedHashMap<>(Objects.requireNonNullElse(images, Map.of())));
        overrides = List.copyOf(Objects.requireNonNullElse(overrides, List.of()));
        operations = List.copyOf(operations);
        if (duration.isNegative()) {
            throw new IllegalArgumentException("negative duration");
        }
    }

    /** The least that is known of every run. */
    public HistoryEntry(
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
        this(
                0,
                time,
                host,
                root,
                stack,
                repository,
                commit,
                ref,
                Optional.empty(),
                Optional.empty(),
                trigger,
                Optional.empty(),
                outcome,
                operations,
                List.of(),
                Map.of(),
                List.of(),
                message,
                duration,
                Optional.empty(),
                Optional.empty());
    }

    /** The same under that number. */
    public HistoryEntry numbered(long other) {
        return new HistoryEntry(
                other,
                time,
                host,
                root,
                stack,
                repository,
                commit,
                ref,
                author,
                subject,
                trigger,
                by,
                outcome,
                operations,
                steps,
                images,
                overrides,
                message,
                duration,
                version,
                plan);
    }

    /** The same of that commit. */
    public HistoryEntry of(String itsAuthor, String itsSubject) {
        return new HistoryEntry(
                number,
                time,
                host,
                root,
                stack,
                repository,
                commit,
                ref,
                Optional.of(itsAuthor),
                Optional.of(itsSubject),
                trigger,
                by,
                outcome,
                operations,
                steps,
                images,
                overrides,
                message,
                duration,
                version,
                plan);
    }

    /** The same asked for or agreed to by somebody, who passed over something. */
    public HistoryEntry agreed(Optional<String> who, List<String> passedOver) {
        return new HistoryEntry(
                number,
                time,
                host,
                root,
                stack,
                repository,
                commit,
                ref,
                author,
                subject,
                trigger,
                who,
                outcome,
                operations,
                steps,
                images,
                passedOver,
                message,
                duration,
                version,
                plan);
    }

    /** The same with what became of each operation, and what images stood for then. */
    public HistoryEntry with(List<Step> became, Map<String, String> meant) {
        return new HistoryEntry(
                number,
                time,
                host,
                root,
                stack,
                repository,
                commit,
                ref,
                author,
                subject,
                trigger,
                by,
                outcome,
                operations,
                became,
                meant,
                overrides,
                message,
                duration,
                version,
                plan);
    }

    /** The same done by that version. */
    HistoryEntry ofVersion(String lockstep) {
        return new HistoryEntry(
                number,
                time,
                host,
                root,
                stack,
                repository,
                commit,
                ref,
                author,
                subject,
                trigger,
                by,
                outcome,
                operations,
                steps,
                images,
                overrides,
                message,
                duration,
                Optional.of(lockstep),
                plan);
    }

    /** The same as that plan asked for. */
    public HistoryEntry planned(String digest) {
        return new HistoryEntry(
                number,
                time,
                host,
                root,
                stack,
                repository,
                commit,
                ref,
                author,
                subject,
                trigger,
                by,
                outcome,
                operations,
                steps,
                images,
                overrides,
                message,
                duration,
                version,
                Optional.of(digest));
    }
}
