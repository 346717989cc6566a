package dev.lockstep.runtime.dockerfile;

import java.util.Optional;
import java.util.Set;

/**
 * The {@code # name=value} lines at the top.
 *
 * @param syntax the frontend that the file names; always one of the standard ones, which are built in
 * @param escape {@code \} or {@code `}
 * @param skippedChecks names of build checks that the file turns off, in lower case; {@code all} for all
 * @param experimentalChecks the same of those that the file turns on although they are experimental
 * @param checksFail whether what a build check finds is an error
 */
public record Directives(
        Optional<String> syntax,
        char escape,
        Set<String> skippedChecks,
        Set<String> experimentalChecks,
        boolean checksFail) {
    /** Of a file that has none. */
    public static final Directives NONE = new Directives(Optional.empty(), '\\', Set.of(), Set.of(), false);

    public Directives {
        skippedChecks = Set.copyOf(skippedChecks);
        experimentalChecks = Set.copyOf(experimentalChecks);
    }
}
