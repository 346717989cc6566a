package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.linux.SortedNames;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A directory of a source tree, open. A door: whoever has trees that lie in no file system, such as those of Git
 * commits, implements it. A name is one component and never followed when it is a link; what a link says is resolved by
 * this room. Not for two threads at once.
 */
public interface SourceDirectory extends AutoCloseable {
    /** Names in it, in any order, without {@code .} and {@code ..}. */
    List<RawPath> names() throws IOException;

    /** The same in the order of their bytes, for a directory that may have more of them than there is memory. */
    default SortedNames sortedNames() throws IOException {
        var names = names();
        return SortedNames.of(receiver -> {
            for (var name : names) {
                receiver.name(name);
            }
        });
    }

    /** What has that name; empty when there is nothing, or nothing any more. */
    Optional<SourceEntry> entry(RawPath name) throws IOException;

    /** What this directory itself is. */
    SourceEntry self() throws IOException;

    /**
     * Opens a directory of it; the caller closes it, in any order with this one. {@code .} opens this one once more.
     *
     * @throws IOException also when it is no directory (any more)
     */
    SourceDirectory directory(RawPath name) throws IOException;

    /**
     * Opens a file of it.
     *
     * @throws IOException also when it is no regular file (any more)
     */
    SourceContent open(RawPath name) throws IOException;

    @Override
    void close() throws IOException;
}
