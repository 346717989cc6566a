package dev.lockstep.reconciler.content;

import dev.lockstep.reconciler.git.RepositoryPath;
import dev.lockstep.reconciler.git.TreeEntry;
import java.util.Optional;

/** What a relative bind source of a followed stack is. */
public sealed interface MountSource {
    /** Path relative to the stack's directory, normal; begins with {@code ../} where the file lies beside it. */
    String path();

    /** What Git has there, if it tracks the path. */
    Optional<TreeEntry> tracked();

    /**
     * What the source <em>is</em>, for plans and records: the stack, the path, and mode and object id as far as Git has
     * them. No path of this host is in it, so moving a root or a clone changes nothing.
     */
    default String identity(String stack) {
        return stack + ":" + path() + tracked().map(t -> "@" + t.identity()).orElse("");
    }

    /**
     * Immutable: Git tracks it and no service of the stack may write it. Kept by {@link ContentStore}.
     *
     * @param entry what Git has; never a link
     */
    record Content(String path, TreeEntry entry) implements MountSource {
        public Content {
            if (!entry.isFile() && !entry.isDirectory()) {
                throw new IllegalArgumentException("neither file nor directory: " + entry);
            }
        }

        @Override
        public Optional<TreeEntry> tracked() {
            return Optional.of(entry);
        }
    }

    /**
     * In the stack's own directory, which outlives revisions. Kept by {@link StackFiles}.
     *
     * @param repositoryPath the same path from the repository's root
     * @param tracked what Git has there; absent: all of it is the user's data
     * @param create make a missing source as a directory
     */
    record StackFile(String path, String repositoryPath, Optional<TreeEntry> tracked, boolean create)
            implements MountSource {
        public StackFile {
            if (!path.startsWith("../")
                    && !path.equals(RepositoryPath.resolve("", path).orElse("/"))) {
                throw new IllegalArgumentException("not a normal path: " + path);
            }
        }
    }
}
