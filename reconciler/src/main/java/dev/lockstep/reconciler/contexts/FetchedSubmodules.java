package dev.lockstep.reconciler.contexts;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.git.Submodules;
import dev.lockstep.runtime.context.SourceDirectory;
import java.io.IOException;
import java.util.Optional;

/**
 * The submodules of a commit, each fetched when a build first needs its files. What {@code .dockerignore} names is not
 * fetched.
 *
 * @param remote of the commit
 * @param depth how many repositories it lies within
 */
record FetchedSubmodules(FetchedContexts contexts, Remote remote, CommitTree tree, int depth) implements Submodules {
    private static final int DEEPEST = 16;

    @Override
    public SourceDirectory open(String path, String commit) throws IOException {
        if (depth == DEEPEST) {
            throw tree.refused(path + " is a submodule within " + DEEPEST + " others, and no further one is fetched");
        }
        var address = Optional.ofNullable(tree.submodules().get(path))
                .orElseThrow(
                        () -> tree.refused(path + " is a submodule, and .gitmodules does not say where it is from"));
        Remote other;
        try {
            other = remote.submodule(address);
        } catch (IllegalArgumentException e) {
            throw tree.refused("the submodule " + path + ": " + e.getMessage());
        }
        var fetched = contexts.tree(other, new FollowedRef(commit));
        return fetched.directory("", new FetchedSubmodules(contexts, other, fetched, depth + 1));
    }
}
