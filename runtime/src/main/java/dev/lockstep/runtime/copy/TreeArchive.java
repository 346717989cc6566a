package dev.lockstep.runtime.copy;

import dev.lockstep.runtime.archive.MemberWriter;
import dev.lockstep.runtime.archive.TarEntry;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.FileExtent;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.IdRange;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Archives what a place has. What goes away while it is read is left out; what changes its kind meanwhile is not
 * followed.
 */
final class TreeArchive {
    /** A hole below that is not worth its two lines in the archive. */
    private static final long SMALLEST_HOLE = 64 << 10;
    /** A file in more pieces is written whole: its map would be longer than what it saves. */
    private static final int MOST_EXTENTS = 10_000;

    private final MemberWriter writer;
    private final boolean sparse;
    private final List<String> left = new ArrayList<>();
    /** First name of each file that has several. */
    private final Map<FileStatus.Identity, RawPath> links = new HashMap<>();

    private final Optional<IdRange> ids;
    private final Optional<Set<Long>> mounts;

    /** From the innermost to the top. No recursion: how deep it goes is up to whoever made the tree. */
    private final Deque<Level> levels = new ArrayDeque<>();

    /** A directory whose members are being written. */
    private record Level(Directory directory, RawPath as, Iterator<RawPath> names) {}

    private TreeArchive(boolean sparse, Optional<IdRange> ids, Optional<Set<Long>> mounts, OutputStream out) {
        this.sparse = sparse;
        this.ids = ids;
        this.mounts = mounts;
        this.writer = new MemberWriter(out);
    }

    /**
     * Writes a whole archive; the top has the given name in it.
     *
     * @param sparse whether holes of files take no room in the archive, which not every program can read
     * @param mounts as of {@link Copying.End}
     * @return what was left out, a sentence each
     */
    static List<String> write(
            Place place,
            RawPath name,
            boolean sparse,
            Optional<IdRange> ids,
            Optional<Set<Long>> mounts,
            OutputStream out)
            throws IOException {
        var archive = new TreeArchive(sparse, ids, mounts, out);
        archive.members(place.directory(), place.name(), name);
        archive.writer.finish();
        return List.copyOf(archive.left);
    }

    /** Writes a whole archive of what is in a directory, without the directory itself. */
    static void writeContent(Directory directory, OutputStream out) throws IOException {
        var archive = new TreeArchive(false, Optional.empty(), Optional.empty(), out);
        for (var child : directory.list()) {
            archive.members(directory, child, child);
        }
        archive.writer.finish();
    }

    private void members(Directory directory, RawPath name, RawPath as) throws IOException {
        try {
            member(directory, name, as);
            while (!levels.isEmpty()) {
                var level = levels.peek();
                if (level.names().hasNext()) {
                    var next = level.names().next();
                    member(level.directory(), next, new RawPath(level.as().latin1() + "/" + next.latin1()));
                } else {
                    levels.pop().directory().close();
                }
            }
        } finally {
            levels.forEach(level -> level.directory().close());
        }
    }

    private void member(Directory directory, RawPath name, RawPath as) throws IOException {
        var status = directory.status(name);
        if (status.isEmpty()) {
            return;
        }
        try {
            switch (status.get().type()) {
                case DIRECTORY -> tree(directory, name, as, status.get());
                case REGULAR -> file(directory, name, as, status.get());
                case SYMLINK ->
                    writer.add(
                            entry(as, TarEntry.Type.SYMLINK, status.get(), directory, name, directory.readLink(name)));
                case CHARACTER_DEVICE ->
                    writer.add(entry(as, TarEntry.Type.CHARACTER_DEVICE, status.get(), directory, name));
                case BLOCK_DEVICE -> writer.add(entry(as, TarEntry.Type.BLOCK_DEVICE, status.get(), directory, name));
                case FIFO -> writer.add(entry(as, TarEntry.Type.FIFO, status.get(), directory, name));
                // Means nothing without the process that listens.
                case SOCKET -> left.add("socket " + as + " was left out");
            }
        } catch (LinuxException e) {
            if (!e.isOther()) {
                throw e;
            }
        }
    }

    private void tree(Directory directory, RawPath name, RawPath as, FileStatus status) throws IOException {
        TreeCopy.checkDepth(levels.size(), as.latin1().length());
        var inner = directory.directory(name);
        var entered = false;
        try {
            writer.add(entry(new RawPath(as.latin1() + "/"), TarEntry.Type.DIRECTORY, status, directory, name));
            if (!belongs(inner.fd(), status)) {
                return;
            }
            levels.push(new Level(inner, as, inner.list().iterator()));
            entered = true;
        } finally {
            if (!entered) {
                inner.close();
            }
        }
    }

    private void file(Directory directory, RawPath name, RawPath as, FileStatus status) throws IOException {
        var first = status.links() > 1 ? links.get(status.identity()) : null;
        if (first != null) {
            writer.add(entry(as, TarEntry.Type.HARD_LINK, status, directory, name, first));
            return;
        }
        // What was a file when we looked may be a link or a device now.
        try (var content = directory.changingFile(name)) {
            if (!belongs(content, status)) {
                return; // what lies below it cannot be seen
            }
            if (status.links() > 1) {
                links.put(status.identity(), as); // not before: of what is gone by now no other name is a link
            }
            var entry = entry(as, TarEntry.Type.FILE, status, directory, name);
            var data = data(content, status.size());
            if (data.isPresent()) {
                writer.add(entry, data.get(), content::inputStream);
            } else {
                writer.add(entry, content.inputStream(0));
            }
        }
    }

    /** Where it has data, if it has holes and is to keep them. */
    private Optional<List<FileExtent>> data(Fd file, long size) throws IOException {
        if (!sparse || size < SMALLEST_HOLE) {
            return Optional.empty();
        }
        var data = FileExtent.of(file, size, SMALLEST_HOLE, MOST_EXTENTS);
        return data.equals(List.of(new FileExtent(0, size))) ? Optional.empty() : Optional.of(data);
    }

    /** The top was named, whatever it is. */
    private boolean belongs(Fd file, FileStatus status) throws IOException {
        if (levels.isEmpty() || mounts.isEmpty() || !status.mountRoot()) {
            return true;
        }
        var mount = MountTable.mountedAt(file);
        return mount.isEmpty() || mounts.get().contains(mount.get());
    }

    private TarEntry entry(RawPath as, TarEntry.Type type, FileStatus status, Directory directory, RawPath name)
            throws IOException {
        return entry(as, type, status, directory, name, RawPath.of(""));
    }

    private TarEntry entry(
            RawPath as, TarEntry.Type type, FileStatus status, Directory directory, RawPath name, RawPath link)
            throws IOException {
        return new TarEntry(
                as,
                type,
                status.mode(),
                inside(status.uid()),
                inside(status.gid()),
                type == TarEntry.Type.FILE ? status.size() : 0,
                status.modified(),
                link,
                status.device().major(),
                status.device().minor(),
                type == TarEntry.Type.HARD_LINK ? Map.of() : directory.attributes(name));
    }

    private long inside(int id) {
        return ids.map(range -> range.inside(id)).orElse(Integer.toUnsignedLong(id));
    }
}
