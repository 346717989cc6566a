package dev.lockstep.spec.model;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What to do when files change while somebody works on them: one entry of {@code develop.watch}.
 *
 * @param path absolute, or relative to the project directory; cleaned
 * @param target where files are copied to in the container
 * @param include patterns; everything when empty
 * @param exec what {@link Action#SYNC_EXEC} runs
 * @param initialSync copy all files at the start, too
 */
public record Watch(
        String path,
        Action action,
        Optional<String> target,
        Optional<Hook> exec,
        List<String> include,
        List<String> ignore,
        boolean initialSync) {
    /** The answers to a change. */
    public enum Action {
        REBUILD,
        SYNC,
        RESTART,
        SYNC_RESTART,
        SYNC_EXEC;

        /** The word in Compose files, such as {@code sync+restart}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '+');
        }

        /** Whether files are copied, which needs a target. */
        public boolean copies() {
            return this != REBUILD && this != RESTART;
        }
    }

    public Watch {
        include = List.copyOf(include);
        ignore = List.copyOf(ignore);
    }
}
