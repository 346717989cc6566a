package dev.lockstep.spec.load;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The files that a project may be loaded from: a directory, or the tree of a commit. Paths use {@code /}, are relative
 * to the tree's root ({@code ""} is the root itself) and are cleaned; whether they may leave the root ({@code ../x},
 * {@code /x}) or pass symbolic links is the tree's decision.
 */
public interface FileTree {
    /**
     * The bytes of a file; empty if nothing is there or it is a directory.
     *
     * @throws IOException if it exists and cannot be read, or may not be: the message is shown to the user
     */
    Optional<byte[]> read(String path) throws IOException;

    /**
     * What stands in a directory, sorted by name; nothing if it does not exist.
     *
     * @throws IOException if it exists and cannot be listed
     */
    List<Entry> list(String directory) throws IOException;

    /**
     * Refuses a path that is not read now and may be later, such as a build context, if it leads out of the tree: by
     * its names, or through a link. Nothing needs to be there.
     *
     * @throws OutsideTreeException if it leads out
     * @throws IOException if that cannot be found out
     */
    default void requireInside(String path) throws IOException {
        if (path.startsWith("/") || path.equals("..") || path.startsWith("../")) {
            throw new OutsideTreeException(path);
        }
    }

    /** The directory above, which the search for a compose file goes up to; empty where the search ends. */
    default Optional<String> parent(String directory) {
        return Optional.empty();
    }

    /** The last part of a directory's name, from which a project without a name is called; may be empty. */
    default String nameOf(String directory) {
        return directory.substring(directory.lastIndexOf('/') + 1);
    }

    /** One name in a directory. */
    record Entry(String name, boolean directory) {}
}
