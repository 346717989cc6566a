package dev.lockstep.reconciler.contexts;

import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.Remote;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.regex.Pattern;

/** Where a build context is, as Docker reads what is written (docs.docker.com/build/concepts/context). */
public sealed interface ContextAddress {
    /** A directory of this host. */
    record Directory(String path) implements ContextAddress {}

    /** Standard input. */
    record Input() implements ContextAddress {}

    /** A file that a server of the web gives: an archive, or a Dockerfile alone. */
    record Web(URI address) implements ContextAddress {
        /** Without what may be a password. */
        public String shown() {
            return ContextAddress.shown(address.toString());
        }
    }

    /**
     * A commit of a repository.
     *
     * @param ref branch, tag or commit; the remote's {@code HEAD} when nothing is written
     * @param directory in it, empty: all of it
     */
    record Git(Remote remote, FollowedRef ref, String directory) implements ContextAddress {}

    /** What Docker takes for a repository of an address that could be something else. */
    Pattern REPOSITORY = Pattern.compile("https?://[^#?]*\\.git(#.*)?");

    /**
     * Reads it.
     *
     * @throws UnbuildableException for an address of a kind that is not fetched, or a damaged one
     */
    static ContextAddress parse(String text) throws UnbuildableException {
        if (text.equals("-")) {
            return new Input();
        }
        if (text.startsWith("github.com/")) {
            return git("https://" + text);
        }
        if (REPOSITORY.matcher(text).matches() || text.startsWith("git@") || text.matches("(?i)(git|ssh|file)://.*")) {
            return git(text);
        }
        if (text.matches("(?i)https?://.*")) {
            return web(text);
        }
        if (text.contains("://")) {
            throw new UnbuildableException("the context " + shown(text)
                    + " is of a kind that is not fetched: there are Git repositories, http, https and directories");
        }
        return new Directory(text);
    }

    private static Web web(String text) throws UnbuildableException {
        try {
            var address = new URI(text);
            if (address.getHost() == null) {
                throw new UnbuildableException("the context " + shown(text) + " names no host");
            }
            return new Web(address);
        } catch (URISyntaxException e) {
            throw new UnbuildableException("the context " + shown(text) + " is not a URL: " + e.getReason());
        }
    }

    /** {@code ADDRESS#REF:DIRECTORY}. */
    private static Git git(String text) throws UnbuildableException {
        var hash = text.indexOf('#');
        var fragment = (hash < 0 ? "" : text.substring(hash + 1)).split(":", 2);
        try {
            return new Git(
                    Remote.parse(hash < 0 ? text : text.substring(0, hash)),
                    Optional.of(fragment[0])
                            .filter(ref -> !ref.isEmpty())
                            .map(FollowedRef::new)
                            .orElseGet(FollowedRef::ofDefault),
                    fragment.length < 2 ? "" : fragment[1].replaceFirst("^/+", ""));
        } catch (IllegalArgumentException e) {
            throw new UnbuildableException(String.valueOf(e.getMessage()));
        }
    }

    private static String shown(String address) {
        return address.replaceFirst("//[^/@]*@", "//").replaceFirst("\\?.*", "?…");
    }
}
