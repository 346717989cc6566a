package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.settings.BuildsEntry;
import java.io.IOException;
import java.util.Map;

/**
 * The host that follows: what decides which stacks of a commit are its own, and what becomes of them here.
 *
 * @param labels that its owner gave it
 * @param variables values that its owner keeps for stacks
 * @param builds what its owner lets repositories build
 */
record FollowingHost(Root root, String name, Map<String, String> labels, HostVariables variables, BuildsEntry builds) {
    FollowingHost {
        labels = Map.copyOf(labels);
    }

    /** A commit's {@code lockstep.yaml}, as this host sees it; see {@link RepositoryFile#read}. */
    RepositoryFile file(CommitTree tree, String base) throws IOException {
        return RepositoryFile.read(tree, base, name, labels);
    }
}
