package dev.lockstep.runtime.copy;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.FileCopy;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * Copies what is in a directory with owner, mode, times, extended attributes, links, holes and devices; where the file
 * system can, files share their blocks with the originals. By descriptors alone: the source is an image's or a
 * container's, and no link in it leads anywhere. What goes away meanwhile is left out.
 */
public final class TreeCopy {
    private static final RawPath HERE = new RawPath(".");
    /** A process can nest directories without end, and each open one costs two descriptors. */
    private static final int DEEPEST = 5000;
    /** And long names, of which each open one remembers the whole way. */
    private static final int LONGEST = 64 << 10;

    private final Map<FileStatus.Identity, RawPath> links = new HashMap<>();
    private final Directory target;
    private final FileCopy files;
    /** From the innermost to the top. No recursion: how deep it goes is up to whoever made the tree. */
    private final Deque<Level> levels = new ArrayDeque<>();

    private TreeCopy(Directory target, FileCopy files) {
        this.target = target;
        this.files = files;
    }

    /** Copies the content of {@code source}, not the directory itself. */
    public static void copy(Directory source, Directory target) throws IOException {
        try (var files = new FileCopy()) {
            new TreeCopy(target, files).copyFrom(source);
        }
    }

    /** Copies the content of {@code source}, and gives {@code target} its owner, mode, attributes and times. */
    public static void copyWhole(Directory source, Directory target) throws IOException {
        copy(source, target);
        describe(source, HERE, source.status(HERE).orElseThrow(), target);
    }

    /**
     * A directory that is being copied.
     *
     * @param path from the top, with a slash at its end
     */
    private record Level(
            Directory from, Directory to, String path, RawPath name, FileStatus status, Iterator<RawPath> names) {
        static Level of(Directory from, Directory to, String path, RawPath name, FileStatus status) throws IOException {
            return new Level(from, to, path, name, status, from.list().iterator());
        }

        void close() {
            from.close();
            to.close();
        }
    }

    private void copyFrom(Directory source) throws IOException {
        try {
            levels.push(Level.of(
                    source.directory(HERE),
                    target.directory(HERE),
                    "",
                    HERE,
                    source.status(HERE).orElseThrow()));
            while (!levels.isEmpty()) {
                var level = levels.peek();
                if (level.names().hasNext()) {
                    member(level, level.names().next());
                    continue;
                }
                levels.pop().close();
                if (!levels.isEmpty()) {
                    var above = levels.peek();
                    describe(above.from(), level.name(), level.status(), above.to());
                }
            }
        } finally {
            levels.forEach(Level::close);
        }
    }

    private void member(Level level, RawPath name) throws IOException {
        var from = level.from();
        var status = from.status(name);
        if (status.isEmpty()) {
            return;
        }
        var path = level.path() + name.latin1();
        try {
            make(level, name, status.get(), path);
        } catch (LinuxException e) {
            if (!e.isOther() || from.status(name).equals(status)) {
                throw e;
            }
            level.to().removeTree(name);
            links.remove(status.get().identity(), new RawPath(path));
        }
    }

    private void make(Level level, RawPath name, FileStatus status, String path) throws IOException {
        var from = level.from();
        var to = level.to();
        switch (status.type()) {
            case DIRECTORY -> {
                to.makeDirectory(name, 0700);
                enter(level, name, status, path);
                return;
            }
            case REGULAR -> {
                var first = status.links() > 1 ? links.putIfAbsent(status.identity(), new RawPath(path)) : null;
                if (first != null) {
                    link(first, to, name);
                    return;
                }
                // What was a file when we looked may be a link or a device now.
                try (var in = from.changingFile(name);
                        var out = to.createFile(name)) {
                    files.copy(in, out, status.size());
                }
            }
            case SYMLINK -> to.makeSymlink(from.readLink(name), name);
            case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> to.makeNode(name, status.type(), status.device());
            case SOCKET -> {
                // Means nothing without the process that listens.
                return;
            }
        }
        describe(from, name, status, to);
    }

    /** @throws IOException for a tree that nobody made to be used */
    static void checkDepth(int levels, int path) throws IOException {
        if (levels > DEEPEST) {
            throw new IOException("directories are nested more than " + DEEPEST + " deep");
        }
        if (path > LONGEST) {
            throw new IOException("directories are nested until a path has more than " + LONGEST + " bytes");
        }
    }

    private void enter(Level level, RawPath name, FileStatus status, String path) throws IOException {
        checkDepth(levels.size(), path.length());
        var from = level.from().directory(name);
        var entered = false;
        try {
            var to = level.to().directory(name);
            try {
                levels.push(Level.of(from, to, path + "/", name, status));
                entered = true;
            } finally {
                if (!entered) {
                    to.close();
                }
            }
        } finally {
            if (!entered) {
                from.close();
            }
        }
    }

    private static void describe(Directory from, RawPath name, FileStatus status, Directory to) throws IOException {
        to.setOwner(name, status.uid(), status.gid());
        for (var attribute : from.attributes(name).entrySet()) {
            setAttribute(to, name, attribute.getKey(), attribute.getValue());
        }
        if (status.type() != FileStatus.Type.SYMLINK) {
            to.setMode(name, status.mode());
        }
        to.setModified(name, status.modified());
    }

    private void link(RawPath first, Directory to, RawPath name) throws IOException {
        var slash = first.latin1().lastIndexOf('/');
        if (slash < 0) {
            to.makeLink(target, first, name);
            return;
        }
        try (var parent = target.directoryInRoot(new RawPath(first.latin1().substring(0, slash)))) {
            to.makeLink(parent, new RawPath(first.latin1().substring(slash + 1)), name);
        }
    }

    private static void setAttribute(Directory to, RawPath name, String attribute, byte[] value) throws IOException {
        try {
            to.setAttribute(name, attribute, value);
        } catch (LinuxException e) {
            // The other file system has none, or not these; the content counts.
            if (e.errno() != Errno.EOPNOTSUPP && e.errno() != Errno.EPERM) {
                throw e;
            }
        }
    }
}
