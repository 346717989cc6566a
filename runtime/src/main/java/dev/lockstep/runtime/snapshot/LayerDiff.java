package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.archive.ArchiveException;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.linux.SortedNames;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Makes a layer of the upper directory of an overlay: writes its archive, and leaves the directory exactly as unpacking
 * that archive would make it. What is as it is below goes away: files that were only copied up, stubs of mount points,
 * marks that delete nothing. So does what is no file of an image: sockets, attributes of this host and of overlayfs.
 *
 * <p>The overlay must not be mounted (any more). If it throws, the directory must be thrown away.
 */
final class LayerDiff implements AutoCloseable {
    private static final RawPath HERE = new RawPath(".");
    private static final String OPAQUE = "trusted.overlay.opaque";
    private static final byte[] YES = {'y'};
    /** A process can nest directories without end, and each open one costs two descriptors. */
    private static final int DEEPEST = 1500;
    /** So many are synced one by one in the time of one sync of a file system that nobody else writes to. */
    private static final int FEW = 8;

    private final LayerTar tar;
    private final FileEquality equality = new FileEquality();
    private final Set<RawPath> mountPoints;
    private final Optional<Instant> newest;
    /** From the innermost to the top. No recursion: how deep it goes is up to whoever made the tree. */
    private final Deque<Level> levels = new ArrayDeque<>();

    private final List<RawPath> few = new ArrayList<>();
    private boolean isMore;

    private long entries;

    /**
     * What was written.
     *
     * @param entries members of the archive
     * @param bytes of the files
     * @param root whether the archive says something of the root directory itself
     * @param few all that is in the layer, those above before those below, when it is few files and directories and
     *     nothing else; empty when it is more
     */
    record Result(long entries, long bytes, boolean root, Optional<List<RawPath>> few) {
        Result {
            few = few.map(List::copyOf);
        }
    }

    /**
     * @param mountPoints paths from the root where something was mounted: nothing there is of the layer
     * @param newest times after it are set to it; as they are when empty
     */
    LayerDiff(OutputStream out, Set<RawPath> mountPoints, Optional<Instant> newest) {
        this.tar = new LayerTar(out);
        this.mountPoints = Set.copyOf(mountPoints);
        this.newest = newest;
    }

    /** A directory of the upper one, and what lies below it. */
    private static final class Level {
        final Directory upper;
        final Optional<Directory> lower;
        final RawPath name;
        /** From the root, with a slash at its end unless it is the root. */
        final String path;

        final FileStatus status;
        final SortedNames names;
        final boolean opaque;
        /** Whether it differs from the one below by more than its time. */
        final boolean differs;
        /** Whether its time differs, which a stub that was made in it does, too. */
        final boolean touched;

        boolean hadStub;
        boolean written;
        /** Whether something was removed: its own time is not what it was. */
        boolean altered;

        Level(
                Directory upper,
                Optional<Directory> lower,
                RawPath name,
                String path,
                FileStatus status,
                boolean opaque,
                boolean differs,
                boolean touched) {
            this.upper = upper;
            this.lower = lower;
            this.name = name;
            this.path = path;
            this.status = status;
            this.opaque = opaque;
            this.differs = differs;
            this.touched = touched;
            this.names = upper.sortedNames();
        }

        void close() {
            upper.close();
            lower.ifPresent(Directory::close);
        }
    }

    /**
     * Writes the archive.
     *
     * @param lower what the layers below show together; empty when there are none
     * @throws ArchiveException when a file cannot be in a layer
     */
    Result write(Directory upper, Optional<Directory> lower) throws IOException {
        try {
            var status = upper.status(HERE).orElseThrow();
            var below = lower.isPresent() ? lower.get().status(HERE) : Optional.<FileStatus>empty();
            var attributes = strip(upper, HERE, true, false);
            var root = below.isPresent()
                    && !(sameOwner(status, below.get()) && equality.sameAttributes(upper, lower.get(), HERE));
            if (root) {
                tar.add(upper, HERE, HERE, status, clamped(status), attributes);
                entries++;
            } else {
                for (var key : attributes.keySet()) {
                    removeAttribute(upper, HERE, key);
                }
            }
            var under = lower.isPresent() ? Optional.of(lower.get().directory(HERE)) : lower;
            var first = new Level(upper.directory(HERE), under, HERE, "", status, false, false, false);
            first.written = true;
            levels.push(first);
            while (!levels.isEmpty()) {
                var level = levels.peek();
                if (level.names.hasNext()) {
                    member(level, level.names.next());
                } else {
                    leave();
                }
            }
            describeRoot(upper, status, root);
            tar.finish();
            return new Result(entries, tar.bytes(), root, isMore ? Optional.empty() : Optional.of(few));
        } finally {
            levels.forEach(Level::close);
            levels.clear();
        }
    }

    /** As an unpacked layer that says nothing of its root has it. */
    private void describeRoot(Directory upper, FileStatus status, boolean told) throws IOException {
        if (!told) {
            upper.setOwner(HERE, 0, 0);
            upper.setMode(HERE, 0755);
        }
        upper.setModified(HERE, told ? clamped(status) : Instant.EPOCH);
    }

    private Instant clamped(FileStatus status) {
        return newest.filter(time -> status.modified().isAfter(time)).orElse(status.modified());
    }

    private void member(Level level, RawPath name) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted");
        }
        var path = new RawPath(level.path + name.latin1());
        var is = level.upper.status(name).orElseThrow();
        var was = level.lower.isPresent() ? level.lower.get().status(name) : Optional.<FileStatus>empty();
        if (mountPoints.contains(path)) {
            level.hadStub = true;
            remove(level, name);
        } else if (is.isWhiteout() || is.type() == FileStatus.Type.SOCKET) {
            deleted(level, name, is, was.isPresent());
        } else if (name.latin1().startsWith(".wh.")) {
            throw new ArchiveException("a file is called /" + path
                    + ", which in a layer marks a deletion; no image can have a file of that name");
        } else if (is.isDirectory()) {
            enter(level, name, path, is, was);
        } else if (was.isPresent() && isSame(level, name, is, was.get())) {
            remove(level, name);
        } else {
            writeAll();
            file(level, name, path, is);
        }
    }

    private void remove(Level level, RawPath name) throws IOException {
        level.upper.removeTree(name);
        level.altered = true;
    }

    private void deleted(Level level, RawPath name, FileStatus is, boolean below) throws IOException {
        if (!is.isWhiteout() || !below) {
            remove(level, name);
        }
        if (!below) {
            return;
        }
        if (is.isWhiteout()) {
            strip(level.upper, name, false, false);
        } else {
            level.upper.makeWhiteout(name);
        }
        writeAll();
        tar.whiteout(level.path, name);
        entries++;
        isMore = true;
    }

    private void enter(Level level, RawPath name, RawPath path, FileStatus is, Optional<FileStatus> was)
            throws IOException {
        if (levels.size() > DEEPEST) {
            throw new ArchiveException("directories are nested more than " + DEEPEST + " deep");
        }
        var below = was.filter(FileStatus::isDirectory);
        var marked = level.upper.attributes(name).get(OPAQUE);
        // A mark that hides nothing is none.
        var opaque = marked != null && marked.length == 1 && marked[0] == YES[0] && below.isPresent();
        var differs = below.isEmpty()
                || opaque
                || !sameOwner(is, below.get())
                || !equality.sameAttributes(level.upper, level.lower.orElseThrow(), name);
        var touched = below.isEmpty() || !clamped(is).equals(below.get().modified());
        var upper = level.upper.directory(name);
        var lower = Optional.<Directory>empty();
        try {
            if (below.isPresent() && !opaque) {
                lower = Optional.of(level.lower.orElseThrow().directory(name));
            }
            levels.push(new Level(upper, lower, name, path.latin1() + "/", is, opaque, differs, touched));
        } catch (IOException | RuntimeException e) {
            upper.close();
            lower.ifPresent(Directory::close);
            throw e;
        }
    }

    /** A directory is written with the first thing in it, or at its end when it is a change by itself. */
    private void leave() throws IOException {
        var level = levels.peek();
        var changed = level.hadStub ? level.differs && !isMadeForStub(level) : level.differs || level.touched;
        if (!level.written && changed) {
            writeAll();
        }
        levels.pop();
        level.close();
        if (levels.isEmpty()) {
            return;
        }
        var above = levels.peek();
        if (!level.written) {
            // As it is below, or made for a mount point alone.
            above.hadStub |= level.hadStub;
            remove(above, level.name);
        } else if (level.altered || !clamped(level.status).equals(level.status.modified())) {
            above.upper.setModified(level.name, clamped(level.status));
        }
    }

    /** A directory that is new and empty but for stubs: whoever mounted made it. */
    private static boolean isMadeForStub(Level level) {
        return level.lower.isEmpty() && !level.opaque;
    }

    /** Writes the directories on the way that are not written yet. */
    private void writeAll() throws IOException {
        var above = Optional.<Level>empty();
        for (var down = levels.descendingIterator(); down.hasNext(); ) {
            var level = down.next();
            if (!level.written) {
                level.written = true;
                var parent = above.orElseThrow().upper;
                var attributes = strip(parent, level.name, true, level.opaque);
                var path = new RawPath(level.path.substring(0, level.path.length() - 1));
                tar.add(parent, level.name, path, level.status, clamped(level.status), attributes);
                entries++;
                note(path);
                if (level.opaque) {
                    tar.opaque(level.path);
                    entries++;
                }
            }
            above = Optional.of(level);
        }
    }

    private void note(RawPath path) {
        if (few.size() < FEW) {
            few.add(path);
        } else {
            isMore = true;
        }
    }

    private void file(Level level, RawPath name, RawPath path, FileStatus is) throws IOException {
        var attributes = strip(level.upper, name, is.type() == FileStatus.Type.REGULAR, false);
        tar.add(level.upper, name, path, is, clamped(is), attributes);
        entries++;
        if (is.type() == FileStatus.Type.REGULAR) {
            note(path);
        } else {
            isMore = true;
        }
        if (!clamped(is).equals(is.modified())) {
            level.upper.setModified(name, clamped(is));
        }
    }

    /**
     * Removes what a layer does not carry.
     *
     * @param carries whether Linux has user attributes on such a file (xattr(7))
     * @return what is left, without the mark of an opaque directory
     */
    private static Map<String, byte[]> strip(Directory directory, RawPath name, boolean carries, boolean opaque)
            throws IOException {
        var kept = new HashMap<String, byte[]>();
        for (var attribute : directory.attributes(name).entrySet()) {
            var key = attribute.getKey();
            if (FileEquality.isCarried(key, carries)) {
                kept.put(key, attribute.getValue());
            } else if (!key.startsWith("security.") && !(opaque && key.equals(OPAQUE))) {
                // Labels of the host's security modules are theirs, and come by themselves.
                removeAttribute(directory, name, key);
            }
        }
        return kept;
    }

    private static void removeAttribute(Directory directory, RawPath name, String key) throws IOException {
        try {
            directory.removeAttribute(name, key);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
        }
    }

    /** Copied up and nothing more. One that has several names got a new one in this layer. */
    private boolean isSame(Level level, RawPath name, FileStatus is, FileStatus was) throws IOException {
        var lower = level.lower.orElseThrow();
        return is.links() == 1
                && is.type() == was.type()
                && sameOwner(is, was)
                && is.size() == was.size()
                && is.device().equals(was.device())
                && clamped(is).equals(was.modified())
                && equality.sameAttributes(level.upper, lower, name)
                && equality.sameContent(level.upper, lower, name, is);
    }

    private static boolean sameOwner(FileStatus is, FileStatus was) {
        return is.mode() == was.mode() && is.uid() == was.uid() && is.gid() == was.gid();
    }

    @Override
    public void close() {
        tar.close();
        equality.close();
    }
}
