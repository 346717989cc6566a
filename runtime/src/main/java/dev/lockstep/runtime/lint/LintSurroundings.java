package dev.lockstep.runtime.lint;

import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What is around a Dockerfile, as far as it is known. Each part is asked only by rules that need it.
 *
 * @param ignored whether the context leaves a path out ({@code .dockerignore})
 * @param variables names of the environment of a base image; empty: not known
 * @param platform of a base image, {@code linux/amd64}; empty: not known
 * @param target the platform that is built for
 */
public record LintSurroundings(
        Predicate<String> ignored,
        Function<String, Optional<Set<String>>> variables,
        Function<String, Optional<String>> platform,
        Optional<String> target) {
    /** Nothing is known. */
    public static final LintSurroundings UNKNOWN =
            new LintSurroundings(path -> false, image -> Optional.empty(), image -> Optional.empty(), Optional.empty());

    /** The same with a context. */
    public LintSurroundings withIgnored(Predicate<String> paths) {
        return new LintSurroundings(paths, variables, platform, target);
    }
}
