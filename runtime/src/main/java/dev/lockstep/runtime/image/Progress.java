package dev.lockstep.runtime.image;

/**
 * Hears how far a pull, a push, an import or an unpack is. Called from several threads, often, and must return at once.
 */
@FunctionalInterface
public interface Progress {
    /** Tells nobody. */
    Progress NONE = (step, content, done, total) -> {};

    /** What is being done to the content. */
    enum Step {
        /** It is there already. */
        PRESENT,
        DOWNLOAD,
        UPLOAD,
        IMPORT,
        UNPACK
    }

    /**
     * Something went on.
     *
     * @param content digest of the blob
     * @param done bytes so far; equal to {@code total} when finished
     * @param total bytes in all; 0 while nobody knows
     */
    void report(Step step, Digest content, long done, long total);
}
