package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.spec.settings.AgentSettings;
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
