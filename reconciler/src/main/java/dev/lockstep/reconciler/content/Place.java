package dev.lockstep.reconciler.content;

import dev.lockstep.reconciler.git.RepositoryPath;
import dev.lockstep.reconciler.git.TreeEntry;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A path in a directory that containers write into. Every use goes down from {@code base} by descriptor, one name at a
 * time, and stops at the first that is no directory: a container cannot lead us elsewhere, whatever it renames
 * meanwhile.
 *
 * @param base a directory of ours
 * @param path below it; empty: the base itself
 */
record Place(Path base, String path) {
    // Deeper nesting than Git's commits may have is somebody else's.
    private static final int DEPTH = 100;

    Place child(String name) {
        return new Place(base, RepositoryPath.child(path, name));
    }

    private RawPath name() {
        return RawPath.of(path.substring(path.lastIndexOf('/') + 1));
    }

    /**
     * Looks, without following a link.
     *
     * @param want a version that is recognised
     * @param was another one
     * @param going places to look at as if they were empty already, for plans
     */
    Found look(Optional<Tracked> want, Optional<Tracked> was, Set<Place> going) throws IOException {
        if (path.isEmpty()) {
            return new Found.FullDirectory();
        }
        if (Files.notExists(base)) {
            return new Found.Absent();
        }
        try (var parent = parent(false)) {
            var status = parent.status(name());
            if (status.isEmpty()) {
                return new Found.Absent();
            }
            return switch (status.get().type()) {
                case DIRECTORY -> directory(parent, going);
                case REGULAR, SYMLINK -> version(parent, status.get(), want, was);
                case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO, SOCKET -> new Found.InTheWay();
            };
        } catch (LinuxException e) {
            return switch (e.errno()) {
                case Errno.ENOENT -> new Found.Absent();
                case Errno.ENOTDIR, Errno.ELOOP -> isBelow(going) ? new Found.Absent() : new Found.InTheWay();
                default -> throw e;
            };
        }
    }

    private boolean isBelow(Set<Place> going) {
        for (var above = RepositoryPath.parent(path); !above.isEmpty(); above = RepositoryPath.parent(above)) {
            if (going.contains(new Place(base, above))) {
                return true;
            }
        }
        return false;
    }

    private Found directory(Directory parent, Set<Place> going) throws LinuxException {
        try (var found = parent.directory(name())) {
            return isHollow(found, going, DEPTH) ? new Found.HollowDirectory() : new Found.FullDirectory();
        }
    }

    /** True when there are only directories in it: what is left of a directory of Git's. */
    private boolean isHollow(Directory directory, Set<Place> going, int depth) throws LinuxException {
        for (var name : directory.list()) {
            var place = child(name.toString());
            if (going.contains(place)) {
                continue;
            }
            if (depth == 0
                    || directory.status(name).filter(s -> !s.isDirectory()).isPresent()) {
                return false;
            }
            try (var below = directory.directory(name)) {
                if (!place.isHollow(below, going, depth - 1)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Removes a hollow directory. Fails when somebody put a file into it meanwhile, and then no file is lost. */
    private static void removeHollow(Directory parent, RawPath name, int depth) throws LinuxException {
        try (var directory = parent.directory(name)) {
            for (var below : depth == 0 ? List.<RawPath>of() : directory.list()) {
                removeHollow(directory, below, depth - 1);
            }
        }
        parent.remove(name);
    }

    private Found version(Directory parent, FileStatus status, Optional<Tracked> want, Optional<Tracked> was)
            throws IOException {
        var mode = mode(status);
        for (var candidate : Stream.concat(want.stream(), was.stream()).toList()) {
            if (candidate.mode().equals(mode)
                    && candidate.size() == status.size()
                    && candidate.objectId().equals(objectId(parent, status))) {
                return new Found.Known(candidate);
            }
        }
        return new Found.Foreign();
    }

    private static String mode(FileStatus status) {
        if (status.type() == FileStatus.Type.SYMLINK) {
            return TreeEntry.Mode.SYMLINK.octal();
        }
        return ((status.mode() & 0100) != 0 ? TreeEntry.Mode.EXECUTABLE : TreeEntry.Mode.FILE).octal();
    }

    /** The id that Git would give the content: SHA-1 of "blob", the size, and the bytes (gitformat-pack(5)). */
    private String objectId(Directory parent, FileStatus status) throws IOException {
        var digest = sha1();
        digest.update(("blob " + status.size() + "\0").getBytes(StandardCharsets.US_ASCII));
        if (status.type() == FileStatus.Type.SYMLINK) {
            digest.update(parent.readLink(name()).latin1().getBytes(StandardCharsets.ISO_8859_1));
        } else {
            // Should it have become a FIFO or a link meanwhile: this neither waits nor leaves the directory.
            try (var file = parent.fileInRoot(name())) {
                update(digest, file.inputStream(), status.size());
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void update(MessageDigest digest, InputStream content, long size) throws IOException {
        var buffer = new byte[65536];
        for (var left = size; left > 0; ) {
            var n = content.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (n < 0) {
                return;
            }
            digest.update(buffer, 0, n);
            left -= n;
        }
    }

    private static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Makes the directory and those on the way to it: root's, 0755. */
    void makeDirectory() throws IOException {
        if (!path.isEmpty()) {
            child(".").parent(true).close();
        }
    }

    /** Puts a finished file here, atomically; a hollow directory in its place goes first. */
    void replace(Directory staging, RawPath finished) throws IOException {
        try (var parent = parent(true)) {
            if (parent.status(name()).filter(FileStatus::isDirectory).isPresent()) {
                removeHollow(parent, name(), DEPTH);
            }
            staging.rename(finished, parent, name());
            parent.sync();
        }
    }

    /** Gives what is here a second name. */
    void linkTo(Directory target, RawPath newName) throws IOException {
        try (var parent = parent(false)) {
            target.makeLink(parent, name(), newName);
        }
    }

    void remove() throws IOException {
        try (var parent = parent(false)) {
            parent.remove(name());
            parent.sync();
        }
    }

    /** The directory that holds the place, opened name by name. */
    private Directory parent(boolean make) throws LinuxException {
        var directory = Directory.open(base);
        var above = RepositoryPath.parent(path);
        if (above.isEmpty()) {
            return directory;
        }
        for (var name : above.split("/", -1)) {
            try (var here = directory) {
                directory = make ? make(here, RawPath.of(name)) : here.directory(RawPath.of(name));
            }
        }
        return directory;
    }

    private static Directory make(Directory here, RawPath name) throws LinuxException {
        if (here.status(name).isEmpty()) {
            here.makeDirectory(name, 0755);
            here.sync();
        }
        return here.directory(name);
    }
}
