package dev.lockstep.reconciler.git;

import java.util.List;

/**
 * What of a repository is followed: a full ref ({@code refs/…}), a branch or tag by its short name, a commit by its 40
 * digits, or {@code HEAD}. A short name is a branch; only when there is no such branch it is the tag of that name.
 */
public record FollowedRef(String text) {
    private static final int LONGEST = 200;

    /** @throws IllegalArgumentException when no ref can have that name (git-check-ref-format(1)) */
    public FollowedRef {
        if (!ObjectName.matches(text) && !isRefName(text)) {
            throw new IllegalArgumentException("\"" + text + "\" is no branch, tag, ref or full commit id (40 digits)");
        }
    }

    /** What the remote itself takes when nobody says more: the branch that its {@code HEAD} names. */
    public static FollowedRef ofDefault() {
        return new FollowedRef("HEAD");
    }

    private boolean isDefault() {
        return text.equals("HEAD");
    }

    /** True when a commit is pinned and the remote need not be asked where anything points. */
    public boolean isCommit() {
        return ObjectName.matches(text);
    }

    /** Full names in the order in which they are tried. */
    List<String> candidates() {
        if (isDefault()) {
            return List.of(text);
        }
        return text.startsWith("refs/") ? List.of(text) : List.of("refs/heads/" + text, "refs/tags/" + text);
    }

    private static boolean isRefName(String text) {
        if (text.isEmpty() || text.length() > LONGEST || text.equals("@") || text.startsWith("-")) {
            return false;
        }
        if (text.contains("..")
                || text.contains("@{")
                || text.endsWith(".")
                || text.matches(".*[\\x00-\\x20\\x7f~^:?*\\[\\\\].*")) {
            return false;
        }
        for (var part : text.split("/", -1)) {
            if (part.isEmpty() || part.startsWith(".") || part.endsWith(".lock")) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return text;
    }
}
