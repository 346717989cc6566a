package dev.lockstep.reconciler.history;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What an agent knows about a stack between two runs. What runs is asked of the kernel, not of this file.
 *
 * @param stack name of the stack
 * @param repository URL without credentials that the stack is followed from
 * @param ref the followed ref
 * @param directory of the stack in the repository
 * @param wanted the newest commit seen
 * @param applied the last commit that was applied
 * @param outcome of the last run
 * @param problems of the wanted commit or of the last run; empty when all is well
 * @param since when {@code outcome} or {@code problems} became so
 * @param checked when an agent last compared
 * @param orphaned the stack has left the repository and its containers are still here
 * @param fetchError why the repository cannot be read now
 * @param nextTry when what failed, or waits, is tried again; absent where it is only watched
 */
public record StackStatus(
        String stack,
        Optional<String> repository,
        Optional<String> ref,
        Optional<String> directory,
        Optional<Commit> wanted,
        Optional<Commit> applied,
        Optional<Outcome> outcome,
        List<Problem> problems,
        Instant since,
        Instant checked,
        boolean orphaned,
        Optional<FetchError> fetchError,
        Optional<Instant> nextTry) {

    /**
     * A commit, as people recognise it.
     *
     * @param id 40 digits
     */
    public record Commit(String id, String subject, String author, Instant authored) {}

    /**
     * Something a person must know.
     *
     * @param at {@code file:line:column} in the repository, absent where no file is to blame
     */
    public record Problem(Optional<String> at, String message) {
        /** As compilers print it. */
        public String asText() {
            return at.map(a -> a + ": " + message).orElse(message);
        }
    }

    /**
     * The repository could not be read.
     *
     * @param since the first of the failures in a row
     */
    public record FetchError(String message, Instant since) {}

    public StackStatus {
        // A file of an earlier version has none.
        nextTry = Objects.requireNonNullElse(nextTry, Optional.empty());
        problems = List.copyOf(problems);
    }

    /** A stack of which nothing is known yet but where it comes from. */
    public static StackStatus followed(String stack, String repository, String ref, String directory, Instant now) {
        return new StackStatus(
                stack,
                Optional.of(repository),
                Optional.of(ref),
                Optional.of(directory),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                now,
                now,
                false,
                Optional.empty(),
                Optional.empty());
    }

    public StackStatus withWanted(Commit commit) {
        return new StackStatus(
                stack,
                repository,
                ref,
                directory,
                Optional.of(commit),
                applied,
                outcome,
                problems,
                since,
                checked,
                orphaned,
                fetchError,
                nextTry);
    }

    public StackStatus withApplied(Optional<Commit> commit) {
        return new StackStatus(
                stack,
                repository,
                ref,
                directory,
                wanted,
                commit,
                outcome,
                problems,
                since,
                checked,
                orphaned,
                fetchError,
                nextTry);
    }

    /** How the last run ended; absent while that is being found out. */
    public StackStatus withOutcome(Optional<Outcome> result, List<Problem> found) {
        return new StackStatus(
                stack,
                repository,
                ref,
                directory,
                wanted,
                applied,
                result,
                found,
                since,
                checked,
                orphaned,
                fetchError,
                nextTry);
    }

    public StackStatus withTimes(Instant newSince, Instant newChecked) {
        return new StackStatus(
                stack,
                repository,
                ref,
                directory,
                wanted,
                applied,
                outcome,
                problems,
                newSince,
                newChecked,
                orphaned,
                fetchError,
                nextTry);
    }

    public StackStatus withFetchError(Optional<FetchError> error) {
        return new StackStatus(
                stack,
                repository,
                ref,
                directory,
                wanted,
                applied,
                outcome,
                problems,
                since,
                checked,
                orphaned,
                error,
                nextTry);
    }

    /** When it is tried again. */
    public StackStatus withNextTry(Optional<Instant> time) {
        return new StackStatus(
                stack,
                repository,
                ref,
                directory,
                wanted,
                applied,
                outcome,
                problems,
                since,
                checked,
                orphaned,
                fetchError,
                time);
    }

    /** The stack has left its repository: what was wrong with its files does not matter any more. */
    public StackStatus asOrphan(Instant now) {
        return new StackStatus(
                stack,
                repository,
                ref,
                directory,
                wanted,
                applied,
                outcome,
                List.of(),
                now,
                now,
                true,
                fetchError,
                Optional.empty());
    }

    /** True when the wanted commit is the applied one and the last run ended well. */
    public boolean isInSync() {
        return !orphaned
                && wanted.isPresent()
                && wanted.map(Commit::id).equals(applied.map(Commit::id))
                && outcome.filter(Outcome::isGood).isPresent();
    }
}
