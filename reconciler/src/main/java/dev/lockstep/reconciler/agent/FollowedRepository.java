package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.spec.settings.AgentSettings;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Which repository is followed, told from others by its URL in the form in which owners of objects have it. */
record FollowedRepository(AgentSettings.Repository settings) {
    /** What is followed where nothing is said. */
    private static final String DEFAULT_REF = "main";

    /** Its URL without credentials; what is none, as it is written. */
    String url() {
        return written(settings.url());
    }

    /** Branch, tag or commit, as it is written. */
    String ref() {
        return settings.ref().orElse(DEFAULT_REF);
    }

    /** The directory that is looked in, {@code ""} for all of it. */
    String base() {
        return settings.path().orElse("");
    }

    /** The URLs that it had before, in the same form. */
    Set<String> formerly() {
        return settings.formerly().stream().map(FollowedRepository::written).collect(Collectors.toUnmodifiableSet());
    }

    /** Whether that is its URL, or was. */
    boolean isAt(Optional<String> url) {
        return url.filter(u -> u.equals(url()) || formerly().contains(u)).isPresent();
    }

    /** Whether both follow one repository, be it by different refs or directories. */
    boolean isOne(FollowedRepository other) {
        return isAt(Optional.of(other.url()));
    }

    /** Whether a stack came from this ref and directory of it, as it was written down. */
    private boolean has(StackStatus status) {
        return isAt(status.repository())
                && status.ref()
                        .filter(r ->
                                r.equals(ref()) || r.equals("refs/heads/" + ref()) || r.equals("refs/tags/" + ref()))
                        .isPresent()
                && status.directory()
                        .filter(d -> base().isEmpty() || d.equals(base()) || d.startsWith(base() + "/"))
                        .isPresent();
    }

    /**
     * Which of what is followed a stack came from, as it was written down: of two directories that it is in, the inner
     * one. Empty when nothing of that is followed any more.
     */
    static Optional<FollowedRepository> of(StackStatus status, List<FollowedRepository> followed) {
        return followed.stream()
                .filter(one -> one.has(status))
                .max(Comparator.comparingInt(one -> one.base().length()));
    }

    /** All that the owner of the host wants followed. */
    static List<FollowedRepository> all(AgentSettings settings) {
        return settings.repositories().stream().map(FollowedRepository::new).toList();
    }

    /** Tells it from another that follows the same repository. */
    String key() {
        return url() + " " + ref() + " " + base();
    }

    /** For people. */
    String title() {
        return key().strip();
    }

    /** What is none, nothing has. */
    private static String written(String url) {
        try {
            return Remote.parse(url).toString();
        } catch (IllegalArgumentException e) {
            return url;
        }
    }
}
