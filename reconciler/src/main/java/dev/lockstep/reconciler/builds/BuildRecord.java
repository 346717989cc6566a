package dev.lockstep.reconciler.builds;

import dev.lockstep.runtime.image.Digest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is known of one build.
 *
 * @param number counts up over all builds of a root, and is never given twice
 * @param repository URL without credentials
 * @param target its name
 * @param image the reference without a tag
 * @param tags that the image gets, or has got, in this order; templates are filled in
 * @param inputs see {@link BuildOrder#inputs}
 * @param digest of what was built; absent until then
 * @param pushed whether its registry has it
 * @param problem why it failed or was refused, a sentence; of one that is queued again what it waits for; empty
 *     otherwise
 * @param queued when it was asked for
 * @param started absent until it begins
 * @param ended absent until it ends
 * @param restarts how often it began anew because its agent was killed meanwhile
 */
public record BuildRecord(
        long number,
        String repository,
        String target,
        String image,
        List<String> tags,
        Occasion occasion,
        String subject,
        String inputs,
        State state,
        Optional<Digest> digest,
        boolean pushed,
        String problem,
        Instant queued,
        Optional<Instant> started,
        Optional<Instant> ended,
        int restarts) {
    /** One that waits for its turn, and has no tags yet. */
    public static BuildRecord queued(
            long number,
            String repository,
            String target,
            String image,
            Occasion occasion,
            String subject,
            String inputs,
            Instant now) {
        return new BuildRecord(
                number,
                repository,
                target,
                image,
                List.of(),
                occasion,
                subject,
                inputs,
                State.QUEUED,
                Optional.empty(),
                false,
                "",
                now,
                Optional.empty(),
                Optional.empty(),
                0);
    }

    /** How far it is. */
    public enum State {
        QUEUED,
        BUILDING,
        TESTING,
        /** Built, tested where that is asked, and pushed where that is asked: it counts. */
        SUCCEEDED,
        FAILED,
        /** Not to be built: a tag that was moved, or a file of that commit that is wrong. */
        REFUSED,
        /** A newer one for the same branch came before it began. */
        SUPERSEDED;

        /** Whether something is still to come. */
        public boolean isPending() {
            return this == QUEUED || this == BUILDING || this == TESTING;
        }
    }

    public BuildRecord {
        tags = List.copyOf(tags);
    }

    /** Its image with the first of its tags, as people name it. */
    public String name() {
        return tags.isEmpty() ? image : image + ":" + tags.getFirst();
    }

    /** The same with these tags: a newer build of its target may have one of its own already. */
    public BuildRecord named(List<String> itsTags) {
        return with(subject, itsTags, state, digest, pushed, problem, started, ended, restarts);
    }

    /** The same of a commit with that first line. */
    public BuildRecord about(String itsSubject) {
        return with(itsSubject, tags, state, digest, pushed, problem, started, ended, restarts);
    }

    /** It begins. */
    public BuildRecord begun(Instant now) {
        return with(
                subject,
                tags,
                State.BUILDING,
                Optional.empty(),
                false,
                "",
                Optional.of(now),
                Optional.empty(),
                restarts);
    }

    /** It is built, and tested now. */
    public BuildRecord testing() {
        return with(subject, tags, State.TESTING, digest, pushed, problem, started, ended, restarts);
    }

    /** It counts. */
    public BuildRecord succeeded(Digest built, boolean isPushed, Instant now) {
        return with(
                subject, tags, State.SUCCEEDED, Optional.of(built), isPushed, "", started, Optional.of(now), restarts);
    }

    /**
     * It does not count.
     *
     * @param state FAILED, REFUSED or SUPERSEDED
     */
    public BuildRecord over(State state, String why, Instant now) {
        return with(subject, tags, state, digest, pushed, why, started, Optional.of(now), restarts);
    }

    /**
     * It waits for its turn again.
     *
     * @param killed whether what built it did not end in order
     */
    public BuildRecord again(boolean killed) {
        return with(
                subject,
                tags,
                State.QUEUED,
                Optional.empty(),
                false,
                "",
                Optional.empty(),
                Optional.empty(),
                killed ? restarts + 1 : restarts);
    }

    /** It waits for its turn again, which comes when others have ended. */
    public BuildRecord waiting(String why) {
        return with(
                subject,
                tags,
                State.QUEUED,
                Optional.empty(),
                false,
                why,
                Optional.empty(),
                Optional.empty(),
                restarts);
    }

    private BuildRecord with(
            String newSubject,
            List<String> newTags,
            State newState,
            Optional<Digest> newDigest,
            boolean isPushed,
            String why,
            Optional<Instant> begin,
            Optional<Instant> end,
            int newRestarts) {
        return new BuildRecord(
                number,
                repository,
                target,
                image,
                newTags,
                occasion,
                newSubject,
                inputs,
                newState,
                newDigest,
                isPushed,
                why,
                queued,
                begin,
                end,
                newRestarts);
    }
}
