package dev.lockstep.reconciler.desired;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the source of a bind mount is on this host, and what it is: a plain directory and a commit of a followed
 * repository differ in this alone.
 */
public interface BindSources {
    /**
     * Finds a source; changes nothing.
     *
     * @param source as the file has it: absolute, or relative to the project directory
     * @throws IOException with a sentence when the source may not or cannot be mounted
     */
    Source find(String source) throws IOException;

    /**
     * What is mounted.
     *
     * @param path absolute; need not exist yet
     * @param identity equal exactly when the same thing would be mounted
     * @param base directory above it below which containers write, so that links there are not to be trusted
     */
    record Source(Path path, String identity, Optional<Path> base) {
        /** Something that no container can have put a link into. */
        public Source(Path path, String identity) {
            this(path, identity, Optional.empty());
        }
    }
}
