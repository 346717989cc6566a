package dev.lockstep.reconciler.git;

/**
 * A branch or a tag of a remote, as the remote advertised it.
 *
 * @param name in full: {@code refs/tags/v1.1}
 * @param object that it names; of an annotated tag the tag itself
 * @param commit that it leads to, tags peeled; of a tag of files, the files
 */
public record RemoteRef(String name, String object, String commit) {
    /** How branches begin. */
    public static final String BRANCHES = "refs/heads/";

    /** How tags begin. */
    public static final String TAGS = "refs/tags/";

    public RemoteRef {
        ObjectName.check(object);
        ObjectName.check(commit);
    }

    /** Whether a ref is one of those that a repository has for itself: no pull request, no note, nothing of ours. */
    public static boolean isOwn(String name) {
        return name.startsWith(BRANCHES) || name.startsWith(TAGS);
    }

    /** As people call it: without {@code refs/heads/} or {@code refs/tags/}. */
    public static String shortened(String name) {
        return name.startsWith(BRANCHES)
                ? name.substring(BRANCHES.length())
                : name.startsWith(TAGS) ? name.substring(TAGS.length()) : name;
    }
}
