package dev.lockstep.runtime.copy;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A name in an open directory, and what it was when we looked.
 *
 * @param directory closed with this
 * @param name one component; {@code .} is the directory itself
 * @param status absent: nothing has that name
 */
record Place(Directory directory, RawPath name, Optional<FileStatus> status) implements AutoCloseable {
    /** As many links as Linux follows (path_resolution(7)). */
    private static final int LINKS = 40;

    static final RawPath HERE = new RawPath(".");

    /**
     * Finds a path below a root. Links on the way are followed inside the root and never out of it; the last one only
     * when that is asked for.
     *
     * @param path absolute, as a person wrote it
     * @return empty when the directory that it should be in is not there
     */
    static Optional<Place> find(Directory root, String path, boolean follow) throws IOException {
        var at = path;
        for (var links = 0; links <= LINKS; links++) {
            var slash = at.lastIndexOf('/');
            var name = at.substring(slash + 1);
            var above = at.substring(0, Math.max(0, slash));
            // With a name like these the directory itself is meant, and links to it are followed.
            var whole = name.isEmpty() || name.equals(".") || name.equals("..");
            Directory directory;
            try {
                directory = root.directoryInRoot(RawPath.of(relative(whole ? at : above)));
            } catch (LinuxException e) {
                if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR) {
                    return Optional.empty();
                }
                throw e;
            }
            var keep = false;
            try {
                var last = whole ? HERE : RawPath.of(name);
                var status = directory.status(last);
                if (follow
                        && status.filter(s -> s.type() == FileStatus.Type.SYMLINK)
                                .isPresent()) {
                    var text = new String(
                            directory.readLink(last).latin1().getBytes(StandardCharsets.ISO_8859_1),
                            StandardCharsets.UTF_8);
                    at = text.startsWith("/") ? text : above + "/" + text;
                    continue;
                }
                keep = true;
                return Optional.of(new Place(directory, last, status));
            } finally {
                if (!keep) {
                    directory.close();
                }
            }
        }
        throw new IOException("too many symbolic links on the way to " + path);
    }

    private static String relative(String path) {
        var text = path.replaceFirst("^/+", "");
        return text.isEmpty() ? "." : text;
    }

    boolean isDirectory() {
        return status.filter(FileStatus::isDirectory).isPresent();
    }

    /** The directory of that name; it must be one. */
    Directory open() throws LinuxException {
        return directory.directory(name);
    }

    @Override
    public void close() {
        directory.close();
    }
}
