package dev.lockstep.runtime.copy;

import dev.lockstep.runtime.archive.ArchiveException;
import dev.lockstep.runtime.archive.TarEntry;
import dev.lockstep.runtime.archive.TarReader;
import dev.lockstep.runtime.linux.BlockWriter;
import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.IdRange;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/**
 * Extracts an archive into a directory that may have something already. Nothing of the archive and nothing that stands
 * there leads out of the directory: each name is looked up alone, and a link is never followed but replaced.
 */
final class TreeExtraction {
    private static final int SET_ID = 06000;
    private static final int PAGE = 4096;

    private static final byte[] ZEROS = new byte[PAGE];

    /** What one write(2) carries at most. */
    private static final int BLOCKS = 1 << 16;

    private static final String CAPABILITY = "security.capability";

    /** What is made in the directory gets it as its own (acl(5)). */
    private static final String DEFAULT_ACL = "system.posix_acl_default";

    /** The one above means "leave it" to chown(2). */
    private static final long LAST_ID = 0xffff_fffeL;

    private final Directory target;
    private final Keep keep;
    private final Optional<IdRange> ids;
    private final boolean whole;
    private final List<String> left = new ArrayList<>();
    /** What is put into directories changes their times, and takes over what they say of what is made in them. */
    private final LinkedHashMap<List<String>, TarEntry> directories = new LinkedHashMap<>();

    TreeExtraction(Directory target, Keep keep, Optional<IdRange> ids) {
        this(target, keep, ids, false);
    }

    /** @param whole whether the directory itself takes what the archive says of it */
    TreeExtraction(Directory target, Keep keep, Optional<IdRange> ids, boolean whole) {
        this.ids = ids;
        this.target = target;
        this.keep = keep;
        this.whole = whole;
    }

    /** Extracts it; returns what was left out, a sentence each. */
    List<String> extract(InputStream archive) throws IOException {
        var tar = new TarReader(archive);
        var top = Optional.<TarEntry>empty();
        for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
            var parts = parts(entry.get().name());
            if (parts.isEmpty()) {
                if (whole) {
                    top = entry;
                }
                continue;
            }
            try (var parent = parent(parts)) {
                member(tar, entry.get(), parts, parent, new RawPath(parts.getLast()));
            }
        }
        for (var directory : directories.entrySet().stream().toList().reversed()) {
            try (var parent = parent(directory.getKey())) {
                atLast(
                        directory.getValue(),
                        parent,
                        new RawPath(directory.getKey().getLast()));
            }
        }
        if (top.isPresent()) {
            metadata(top.get(), target, Place.HERE);
            atLast(top.get(), target, Place.HERE);
        }
        return List.copyOf(left);
    }

    private static List<String> parts(RawPath name) throws IOException {
        var parts = new ArrayList<String>();
        for (var part : name.latin1().split("/", -1)) {
            if (part.equals("..")) {
                throw new ArchiveException("the archive names \"" + name + "\", which leads out of the directory");
            }
            if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        return parts;
    }

    /** The directory that the last part is in; what is missing of it is made. */
    private Directory parent(List<String> parts) throws IOException {
        var directory = target.directory(Place.HERE);
        for (var part : parts.subList(0, parts.size() - 1)) {
            var name = new RawPath(part);
            try (var above = directory) {
                makeDirectory(above, name, 0755);
                directory = above.directory(name);
            }
        }
        return directory;
    }

    private static void makeDirectory(Directory parent, RawPath name, int mode) throws IOException {
        var status = parent.status(name);
        if (status.filter(FileStatus::isDirectory).isPresent()) {
            return;
        }
        if (status.isPresent()) {
            parent.remove(name);
        }
        parent.makeDirectory(name, mode);
    }

    private void member(TarReader tar, TarEntry entry, List<String> parts, Directory parent, RawPath name)
            throws IOException {
        if (!keep.privileges() && isDevice(entry.type())) {
            left.add("device " + entry.name() + " was not copied");
            return;
        }
        if (entry.type() == TarEntry.Type.UNKNOWN) {
            left.add(entry.name() + " is of a kind that nobody knows, and was not copied");
            return;
        }
        if (entry.type() == TarEntry.Type.DIRECTORY) {
            makeDirectory(parent, name, entry.mode());
            directories.put(parts, entry);
        } else {
            if (parent.status(name).filter(FileStatus::isDirectory).isPresent()) {
                throw new IOException("cannot overwrite directory \"" + entry.name() + "\" with non-directory");
            }
            parent.remove(name);
            make(tar, entry, parent, name);
        }
        if (entry.type() != TarEntry.Type.HARD_LINK) {
            metadata(entry, parent, name);
        }
    }

    private void make(TarReader tar, TarEntry entry, Directory parent, RawPath name) throws IOException {
        switch (entry.type()) {
            case FILE -> {
                try (var file = parent.createFile(name);
                        var writer = new BlockWriter(BLOCKS)) {
                    var sparse = new SparseSink(file, writer);
                    tar.copyTo(sparse);
                    sparse.end();
                }
            }
            case HARD_LINK -> {
                var first = parts(entry.link());
                if (first.isEmpty()) {
                    throw new ArchiveException("the archive has a link to nothing: " + entry.name());
                }
                try (var other = parent(first)) {
                    parent.makeLink(other, new RawPath(first.getLast()), name);
                } catch (LinuxException e) {
                    throw switch (e.errno()) {
                        case Errno.ENOENT -> badLink(entry, "which is not in it before", e);
                        case Errno.EPERM -> badLink(entry, "of which there can be none", e);
                        default -> e;
                    };
                }
            }
            case SYMLINK -> parent.makeSymlink(entry.link(), name);
            case CHARACTER_DEVICE, BLOCK_DEVICE -> parent.makeNode(name, type(entry.type()), device(entry));
            case FIFO -> parent.makeNode(name, FileStatus.Type.FIFO, DeviceNumber.NONE);
            case DIRECTORY, UNKNOWN -> throw new IllegalStateException("dealt with before");
        }
    }

    private static ArchiveException badLink(TarEntry entry, String why, LinuxException cause) {
        var bad = new ArchiveException(
                "the archive has a hard link \"" + entry.name() + "\" to \"" + entry.link() + "\", " + why);
        bad.initCause(cause);
        return bad;
    }

    /** Leaves holes where there are only zeros: a file of nothing but a size must not fill the disk. */
    private static final class SparseSink implements TarReader.Sink {
        private final Fd file;
        private final BlockWriter writer;
        private long length;

        SparseSink(Fd file, BlockWriter writer) {
            this.file = file;
            this.writer = writer;
        }

        @Override
        public void write(byte[] bytes, int offset, int count) throws IOException {
            for (var at = 0; at < count; at += PAGE) {
                var piece = Math.min(PAGE, count - at);
                if (Arrays.mismatch(bytes, offset + at, offset + at + piece, ZEROS, 0, piece) < 0) {
                    skip(piece);
                } else {
                    writer.write(file, bytes, offset + at, piece);
                    length += piece;
                }
            }
        }

        @Override
        public void skip(long bytes) throws IOException {
            writer.skip(file, bytes);
            length += bytes;
        }

        void end() throws IOException {
            writer.end(file, length);
        }
    }

    private static boolean isDevice(TarEntry.Type type) {
        return type == TarEntry.Type.CHARACTER_DEVICE || type == TarEntry.Type.BLOCK_DEVICE;
    }

    private static FileStatus.Type type(TarEntry.Type device) {
        return device == TarEntry.Type.CHARACTER_DEVICE
                ? FileStatus.Type.CHARACTER_DEVICE
                : FileStatus.Type.BLOCK_DEVICE;
    }

    private static DeviceNumber device(TarEntry entry) throws ArchiveException {
        try {
            return new DeviceNumber(Math.toIntExact(entry.deviceMajor()), Math.toIntExact(entry.deviceMinor()));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ArchiveException("the archive has a device " + entry.deviceMajor() + ":" + entry.deviceMinor()
                    + ", \"" + entry.name() + "\"; Linux has none of that number");
        }
    }

    private void metadata(TarEntry entry, Directory parent, RawPath name) throws IOException {
        if (keep.owner()) {
            parent.setOwner(name, outside(entry, entry.uid()), outside(entry, entry.gid()));
        }
        for (var attribute : entry.attributes().entrySet()) {
            if (!attribute.getKey().equals(DEFAULT_ACL)
                    && (keep.privileges() || !attribute.getKey().equals(CAPABILITY))) {
                setAttribute(parent, name, attribute.getKey(), attribute.getValue());
            }
        }
        if (entry.type() != TarEntry.Type.SYMLINK) {
            parent.setMode(name, keep.privileges() ? entry.mode() : entry.mode() & ~SET_ID);
        }
        parent.setModified(name, entry.modified());
    }

    private static void atLast(TarEntry entry, Directory parent, RawPath name) throws IOException {
        var acl = entry.attributes().get(DEFAULT_ACL);
        if (acl != null) {
            setAttribute(parent, name, DEFAULT_ACL, acl);
        }
        parent.setModified(name, entry.modified());
    }

    private int outside(TarEntry entry, long id) throws IOException {
        if (id < 0 || id > LAST_ID) {
            // Cut off to 32 bits it could be root's.
            throw new ArchiveException(
                    "the archive says that \"" + entry.name() + "\" belongs to " + id + "; Linux has 0 to " + LAST_ID);
        }
        try {
            return ids.map(range -> range.outside((int) id)).orElse((int) id);
        } catch (IllegalArgumentException e) {
            throw new IOException("the container has no such user: " + e.getMessage(), e);
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
