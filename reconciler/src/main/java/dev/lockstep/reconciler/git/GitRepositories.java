package dev.lockstep.reconciler.git;

import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;

/** The door of this room: opens the clone of a remote, one per remote, below {@code ROOT/git}. Loads no JGit itself. */
public final class GitRepositories {
    private final Root root;
    private final GitSettings settings;

    public GitRepositories(Root root, GitSettings settings) {
        this.root = root;
        this.settings = settings;
    }

    /**
     * The source for a remote; reads nothing from it yet, so it works with the network down. The caller closes it.
     *
     * @throws GitException {@link GitException.Kind#LOCAL} when this host cannot keep a clone
     */
    public GitSource open(Remote remote) throws GitException {
        try {
            var clones = Root.directory(root.state().resolve("git"));
            return new GitSource(
                    remote,
                    settings,
                    clones.resolve(remote.directoryName()),
                    root.lock("git/" + remote.directoryName()));
        } catch (IOException e) {
            throw new GitException(
                    GitException.Kind.LOCAL,
                    "repository " + remote + " cannot be kept on this host: " + e.getMessage(),
                    e);
        }
    }

    /**
     * A source for one commit that is wanted once, without those before it: the clone is the caller's, and removing it
     * too. The caller closes the source before that.
     *
     * @param directory empty
     */
    public static GitSource once(Remote remote, GitSettings settings, Path directory) {
        return new GitSource(
                remote, settings.withShallow(true), directory.resolve("repository"), directory.resolve("lock"));
    }

    /** Where clones lie. */
    Path directory() {
        return root.state().resolve("git");
    }
}
