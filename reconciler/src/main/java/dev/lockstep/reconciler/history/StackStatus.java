package dev.lockstep.reconciler.history;

import java.time.Instant;
import java.util.List;
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
        Optional<FetchError> fetchError) {

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
        problems = List.copyOf(problems);
    }

    /** True when the wanted commit is the applied one and the last run ended well. */
    public boolean isInSync() {
        return !orphaned
                && wanted.isPresent()
                && wanted.map(Commit::id).equals(applied.map(Commit::id))
                && outcome.filter(Outcome::isGood).isPresent();
    }
}
