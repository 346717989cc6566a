package dev.lockstep.reconciler.content;

/**
 * What becomes of one file in a stack's own directory.
 *
 * @param path as {@link MountSource#path()} counts, relative to the stack's directory
 */
public record FileChange(Kind kind, String path) {
    /** What happens, and who must know. */
    public enum Kind {
        /** A missing source is made as an empty directory of root, 0755. */
        MAKE_DIRECTORY("+", "made as a directory", false),
        /** Git's file is written where there was none. */
        WRITE("+", "written", false),
        /** Git's file replaces Git's file. */
        UPDATE("~", "updated", false),
        /** The commit changes the file and the host changed it too: Git's wins, the host's goes to {@code kept/}. */
        UPDATE_AND_KEEP("~", "updated; the copy that was changed on the host is kept", true),
        /** The host changed or removed the file and the commit does not change it: it stays so. */
        LEAVE("=", "was changed on the host and stays so", true),
        /** Git tracks it no longer. */
        REMOVE("-", "removed", false),
        /** Git tracks it no longer, and the host changed it: it goes to {@code kept/}. */
        REMOVE_AND_KEEP("-", "removed; the copy that was changed on the host is kept", true),
        /** Data that Git does not track stands in the way, or a link that is not followed: nothing is done. */
        OBSTRUCTED("!", "cannot be written: something that Git does not track is in its place", true),
        /** Neither Git nor the host has it, and it is not to be created. */
        MISSING("!", "does not exist, and create_host_path is false", true);

        private final String symbol;
        private final String text;
        private final boolean reported;

        Kind(String symbol, String text, boolean reported) {
            this.symbol = symbol;
            this.text = text;
            this.reported = reported;
        }

        /** True for what a person must hear of. */
        public boolean isReported() {
            return reported;
        }
    }

    /** One line: {@code ~ conf/app.ini updated}. */
    public String asText() {
        return kind.symbol + " " + path + " " + kind.text;
    }
}
