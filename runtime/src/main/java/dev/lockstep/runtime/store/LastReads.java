package dev.lockstep.runtime.store;

import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What files said when they were last read. A file that is the same says the same, and to see that it is costs a
 * hundredth of reading it. Files are replaced and never edited, so another content is another inode; only one that is
 * removed and made again at once may get the inode back. Therefore, as Git does with its index ("racy" entries),
 * nothing is kept of a file that is so young that it could be written again without another time.
 *
 * @param <T> an immutable record: every reader gets the same one
 */
final class LastReads<T> {
    /** More than there are containers; when there are so many, all are forgotten and read again. */
    private static final int MOST = 4096;

    /** The time of a file moves with the ticks of the kernel, 1 to 10 ms; some file systems keep seconds. */
    private static final long SETTLED_MILLIS = 2000;

    private final ConcurrentHashMap<Path, Seen<T>> seen = new ConcurrentHashMap<>();

    /** A file as it was: which, how long, since when; and what it said. */
    private record Seen<T>(@Nullable Object inode, long size, FileTime modified, T record) {
        boolean isOf(BasicFileAttributes now) {
            return inode != null
                    && inode.equals(now.fileKey())
                    && size == now.size()
                    && modified.equals(now.lastModifiedTime());
        }
    }

    /** What the file said, if it is still as it was then. */
    Optional<T> find(Path file, BasicFileAttributes now) {
        var last = seen.get(file);
        return last != null && last.isOf(now) ? Optional.of(last.record) : Optional.empty();
    }

    /** @param before the file as it was before it was read: replaced in between, it is not taken for what was read */
    void keep(Path file, BasicFileAttributes before, T record) {
        var age = System.currentTimeMillis() - before.lastModifiedTime().toMillis();
        if (age < SETTLED_MILLIS) {
            seen.remove(file);
            return;
        }
        if (seen.size() >= MOST) {
            seen.clear();
        }
        seen.put(file, new Seen<>(before.fileKey(), before.size(), before.lastModifiedTime(), record));
    }
}
