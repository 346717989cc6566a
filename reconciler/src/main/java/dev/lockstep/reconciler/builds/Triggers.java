package dev.lockstep.reconciler.builds;

import java.util.List;

/**
 * What of a repository starts a build. Only branches and tags of the repository itself: what others propose (pull
 * requests, forks) is never built.
 *
 * @param tags patterns of tags: a glob ({@code v*}) or a range of versions ({@code >=1.2 <2})
 * @param branches patterns of branches
 * @param paths of the repository; a push to a branch beneath none of which anything changed starts nothing. Empty: any
 * @param movedTags whether a tag that was moved to another commit is built again
 */
public record Triggers(List<String> tags, List<String> branches, List<String> paths, boolean movedTags) {
    public Triggers {
        tags = List.copyOf(tags);
        branches = List.copyOf(branches);
        paths = List.copyOf(paths);
    }
}
