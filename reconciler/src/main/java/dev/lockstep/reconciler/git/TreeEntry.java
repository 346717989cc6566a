package dev.lockstep.reconciler.git;

/**
 * One name in a commit.
 *
 * @param path relative to the root of the repository, {@code /} between names, empty for the root itself
 * @param mode what it is
 * @param objectId id of the blob or tree, or of the other repository's commit for {@link Mode#GITLINK}
 */
public record TreeEntry(String path, Mode mode, String objectId) {
    /** The five modes that Git has. */
    public enum Mode {
        FILE("100644", 0100644),
        EXECUTABLE("100755", 0100755),
        SYMLINK("120000", 0120000),
        GITLINK("160000", 0160000),
        DIRECTORY("040000", 040000);

        private final String octal;
        private final int bits;

        Mode(String octal, int bits) {
            this.octal = octal;
            this.bits = bits;
        }

        /** Six octal digits, as {@code git ls-tree} prints them. */
        public String octal() {
            return octal;
        }

        static Mode of(int bits) {
            for (var mode : values()) {
                if (mode.bits == bits) {
                    return mode;
                }
            }
            // Old repositories hold 100664 and the like; Git itself reads them as one of the two.
            if ((bits & 0170000) == 0100000) {
                return (bits & 0100) != 0 ? EXECUTABLE : FILE;
            }
            throw new IllegalArgumentException("no mode of Git: " + Integer.toOctalString(bits));
        }
    }

    public TreeEntry {
        ObjectName.check(objectId);
    }

    /** Last part of the path. */
    public String name() {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    public boolean isDirectory() {
        return mode == Mode.DIRECTORY;
    }

    public boolean isFile() {
        return mode == Mode.FILE || mode == Mode.EXECUTABLE;
    }

    /** Mode and object id as one word: what the content is, wherever it stands. */
    public String identity() {
        return mode.octal() + "-" + objectId;
    }
}
