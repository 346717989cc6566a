package dev.lockstep.reconciler.git;

/**
 * Who a remote is asked as. {@link #toString()} shows neither part: a token often stands in the user's place.
 *
 * @param user name; hosts that take a token as the password want any non-empty one
 * @param password password or token, empty when there is none
 */
public record Login(String user, String password) {
    /** What GitHub documents for tokens; Gitea and Forgejo take any user. GitLab's deploy tokens have their own. */
    private static final String TOKEN_USER = "x-access-token";

    /** Reads {@code user:password}; without a colon the whole text is a token. */
    public static Login parse(String text) {
        var colon = text.indexOf(':');
        return colon < 0 ? new Login(TOKEN_USER, text) : new Login(text.substring(0, colon), text.substring(colon + 1));
    }

    @Override
    public String toString() {
        return "***";
    }
}
