package dev.lockstep.runtime.snapshot;

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
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacks one layer into an empty directory, as overlayfs wants it: a deleted name is a character device 0:0, a
 * directory that hides the lower one has an attribute (OCI image specification, layer.md; Linux,
 * filesystems/overlayfs). Everything is done relative to descriptors inside that directory, so that no name, link or
 * order of members reaches the host. If it throws, the directory holds something undefined and must be thrown away.
 *
 * <p>For one layer and one thread, a platform thread.
 */
final class LayerUnpacker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LayerUnpacker.class);
    private static final int WRITE_BLOCK = 128 * 1024;
    private static final String WHITEOUT = ".wh.";
    private static final String WHITEOUT_SPECIAL = ".wh..wh.";
    private static final String WHITEOUT_OPAQUE = ".wh..wh..opq";
    private static final String OPAQUE = "trusted.overlay.opaque";
    private static final String CAPABILITY = "security.capability";
    private static final byte[] YES = {'y'};
    private static final long LAST_ID = 0xffff_fffeL;
    private static final RawPath HERE = new RawPath(".");

    private final Directory root;
    private final OpenDirectories directories;
    private final UnpackLimits limits;
    private final BlockWriter writer = new BlockWriter(WRITE_BLOCK);
    /** Set when everything else is done: making a file in a directory changes its time. */
    private final Map<RawPath, Instant> directoryTimes = new LinkedHashMap<>();

    private long entries;
    private long bytes;
    private long missing;
    private long unknown;
    private boolean replaced;
    private RawPath current = new RawPath("");

    LayerUnpacker(Directory root, UnpackLimits limits) {
        this.root = root;
        this.directories = new OpenDirectories(root);
        this.limits = limits;
    }

    /** The member at which it stands, for messages. */
    RawPath current() {
        return current;
    }

    /** Bytes of the current file that are not written yet. */
    long missing() {
        return missing;
    }

    /** Unpacks the archive up to its end blocks; the stream may go on after them. */
    void unpack(InputStream uncompressed) throws IOException {
        var tar = new TarReader(uncompressed);
        for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
            current = entry.get().name();
            missing = 0;
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted");
            }
            if (++entries > limits.entries()) {
                throw new ArchiveException("it has more than " + limits.entries() + " entries");
            }
            unpack(entry.get(), tar);
        }
        current = new RawPath("");
        setDirectoryTimes();
        if (unknown > 0) {
            LOG.atWarn()
                    .addKeyValue("layer", root)
                    .addKeyValue("entries", unknown)
                    .log("skipped tar entries of unknown type");
        }
    }

    /** Bytes of the files, unless later members replaced some. */
    OptionalLong size() {
        return replaced ? OptionalLong.empty() : OptionalLong.of(bytes);
    }

    private void unpack(TarEntry entry, TarReader tar) throws IOException {
        var path = LayerPath.of(entry.name());
        if (path.isRoot()) {
            if (entry.type() == TarEntry.Type.DIRECTORY) {
                setMetadata(root, HERE, entry);
                directoryTimes.put(HERE, entry.modified());
            }
            return;
        }
        if (path.name().latin1().startsWith(WHITEOUT)) {
            whiteout(path);
            return;
        }
        switch (entry.type()) {
            case FILE -> file(path, entry, tar);
            case DIRECTORY -> directory(path, entry);
            case SYMLINK -> symlink(path, entry);
            case HARD_LINK -> hardLink(path, entry);
            case CHARACTER_DEVICE -> node(path, entry, FileStatus.Type.CHARACTER_DEVICE);
            case BLOCK_DEVICE -> node(path, entry, FileStatus.Type.BLOCK_DEVICE);
            case FIFO -> node(path, entry, FileStatus.Type.FIFO);
            case UNKNOWN -> unknown++;
        }
    }

    private void file(LayerPath path, TarEntry entry, TarReader tar) throws IOException {
        bytes += entry.size();
        if (entry.size() > limits.bytes() || bytes > limits.bytes()) {
            throw new ArchiveException("its files have more than " + limits.bytes() + " bytes");
        }
        checkOwner(entry);
        missing = entry.size();
        var parent = directories.get(path.parent());
        try (var fd = create(parent, path.name())) {
            write(fd, entry, tar);
            writer.describe(fd, (int) entry.uid(), (int) entry.gid(), entry.mode(), entry.modified());
        }
        setAttributes(parent, path.name(), entry);
    }

    /** Hardly any name comes twice, so nobody looks before. */
    private Fd create(Directory parent, RawPath name) throws LinuxException {
        try {
            return parent.createFile(name);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
            clear(parent, name);
            return parent.createFile(name);
        }
    }

    private void write(Fd fd, TarEntry entry, TarReader tar) throws IOException {
        var skipped = new boolean[1];
        tar.copyTo(new TarReader.Sink() {
            @Override
            public void write(byte[] source, int offset, int length) throws IOException {
                writer.write(fd, source, offset, length);
                missing -= length;
            }

            @Override
            public void skip(long bytes) throws IOException {
                skipped[0] = true;
                writer.skip(fd, bytes);
                missing -= bytes;
            }
        });
        if (skipped[0]) {
            writer.end(fd, entry.size());
        }
    }

    private void directory(LayerPath path, TarEntry entry) throws IOException {
        var parent = directories.get(path.parent());
        var existing = parent.status(path.name());
        if (existing.isEmpty() || !existing.get().isDirectory()) {
            clear(parent, path.name(), existing);
            parent.makeDirectory(path.name(), 0700);
            // A name that the layer deletes and makes again: what lower layers have below it stays deleted.
            if (existing.map(FileStatus::isWhiteout).orElse(false)) {
                parent.setAttribute(path.name(), OPAQUE, YES);
            }
        }
        setMetadata(parent, path.name(), entry);
        directoryTimes.put(path.whole(), entry.modified());
    }

    private void symlink(LayerPath path, TarEntry entry) throws IOException {
        if (entry.link().isEmpty()) {
            throw new ArchiveException("a symbolic link has no target");
        }
        var parent = directories.get(path.parent());
        clear(parent, path.name());
        parent.makeSymlink(entry.link(), path.name());
        setMetadata(parent, path.name(), entry);
        parent.setModified(path.name(), entry.modified());
    }

    /** The target is another name of this layer, cleaned and looked up like any name: it cannot be the host's. */
    private void hardLink(LayerPath path, TarEntry entry) throws IOException {
        var target = LayerPath.of(entry.link());
        if (target.equals(path)) {
            return;
        }
        var source = directories.get(target.parent());
        var status = source.status(target.name());
        if (status.isEmpty() || status.get().isWhiteout() || status.get().isDirectory()) {
            throw new ArchiveException("a hard link to " + entry.link() + ": "
                    + (status.map(FileStatus::isDirectory).orElse(false)
                            ? "that is a directory"
                            : "the layer has no such file before it"));
        }
        var parent = directories.get(path.parent());
        var existing = parent.status(path.name());
        if (existing.isPresent()) {
            if (existing.get().inode() == status.get().inode()) {
                return;
            }
            clear(parent, path.name(), existing);
            // Clearing may have closed the directories that are open.
            parent = directories.get(path.parent());
        }
        parent.makeLink(directories.get(target.parent()), target.name(), path.name());
    }

    private void node(LayerPath path, TarEntry entry, FileStatus.Type type) throws IOException {
        if (type == FileStatus.Type.CHARACTER_DEVICE && entry.deviceMajor() == 0 && entry.deviceMinor() == 0) {
            throw new ArchiveException("a character device 0:0, which would delete a file of another layer unseen");
        }
        DeviceNumber device;
        try {
            device = new DeviceNumber(Math.toIntExact(entry.deviceMajor()), Math.toIntExact(entry.deviceMinor()));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ArchiveException("a device " + entry.deviceMajor() + ":" + entry.deviceMinor());
        }
        var parent = directories.get(path.parent());
        clear(parent, path.name());
        parent.makeNode(path.name(), type, device);
        setMetadata(parent, path.name(), entry);
        parent.setModified(path.name(), entry.modified());
    }

    /** Deletes only what lower layers have: the order of members in this layer does not matter. */
    private void whiteout(LayerPath path) throws IOException {
        var name = path.name().latin1();
        if (name.equals(WHITEOUT_OPAQUE)) {
            // Looked up anew and not through the cache: the root has no name in a parent.
            directories.get(path.parent()).setAttribute(HERE, OPAQUE, YES);
            return;
        }
        if (name.startsWith(WHITEOUT_SPECIAL)) {
            // Notes that aufs made for itself.
            return;
        }
        var hidden = name.substring(WHITEOUT.length());
        if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
            throw new ArchiveException("a whiteout of no name");
        }
        var parent = directories.get(path.parent());
        var target = new RawPath(hidden);
        var existing = parent.status(target);
        if (existing.isEmpty()) {
            parent.makeWhiteout(target);
        } else if (existing.get().isDirectory()) {
            parent.setAttribute(target, OPAQUE, YES);
        }
    }

    private void clear(Directory parent, RawPath name) throws LinuxException {
        clear(parent, name, parent.status(name));
    }

    /** Removes what an earlier member, or a whiteout, put there. {@code parent} stays usable. */
    private void clear(Directory parent, RawPath name, Optional<FileStatus> existing) throws LinuxException {
        if (existing.isEmpty()) {
            return;
        }
        replaced = true;
        switch (existing.get().type()) {
            case DIRECTORY, SYMLINK -> {
                parent.removeTree(name);
                directories.forgetExcept(parent);
            }
            default -> parent.remove(name);
        }
    }

    /**
     * Owner first, which clears set-id bits; then mode; then attributes, since a change of owner clears capabilities.
     */
    private void setMetadata(Directory parent, RawPath name, TarEntry entry) throws IOException {
        checkOwner(entry);
        parent.setOwner(name, (int) entry.uid(), (int) entry.gid());
        if (entry.type() != TarEntry.Type.SYMLINK) {
            parent.setMode(name, entry.mode());
            setAttributes(parent, name, entry);
        }
    }

    private static void checkOwner(TarEntry entry) throws ArchiveException {
        if (entry.uid() < 0 || entry.uid() > LAST_ID || entry.gid() < 0 || entry.gid() > LAST_ID) {
            throw new ArchiveException("an owner " + entry.uid() + ":" + entry.gid() + ", Linux has 0 to " + LAST_ID);
        }
    }

    private static void setAttributes(Directory parent, RawPath name, TarEntry entry) throws LinuxException {
        for (var attribute : entry.attributes().entrySet()) {
            setAttribute(parent, name, entry.type(), attribute.getKey(), attribute.getValue());
        }
    }

    /**
     * Only what belongs to files is kept. The rest belongs to the host: {@code trusted.overlay.*} and
     * {@code user.overlay.*} would let a layer forge redirects, {@code security.selinux} a label.
     */
    private static void setAttribute(Directory parent, RawPath name, TarEntry.Type type, String attribute, byte[] value)
            throws LinuxException {
        var isUser = attribute.startsWith("user.") && !attribute.startsWith("user.overlay.");
        // Linux has user attributes on files and directories only (xattr(7)).
        var carries = type == TarEntry.Type.FILE || type == TarEntry.Type.DIRECTORY;
        if (!attribute.equals(CAPABILITY) && !(isUser && carries)) {
            return;
        }
        try {
            parent.setAttribute(name, attribute, value);
        } catch (LinuxException e) {
            // A file system without user attributes loses a note; without capabilities a program would not work.
            if (!(isUser && e.errno() == Errno.EOPNOTSUPP)) {
                throw e;
            }
        }
    }

    private void setDirectoryTimes() throws IOException {
        // Layers that say nothing about the root are told from those that do by this time.
        directoryTimes.putIfAbsent(HERE, Instant.EPOCH);
        for (var entry : directoryTimes.entrySet()) {
            if (entry.getKey().equals(HERE)) {
                root.setModified(HERE, entry.getValue());
                continue;
            }
            var path = LayerPath.of(entry.getKey());
            try (var parent =
                    path.parent().isEmpty() ? root.directoryInRoot(HERE) : root.directoryInRoot(path.parent())) {
                if (parent.status(path.name()).map(FileStatus::isDirectory).orElse(false)) {
                    parent.setModified(path.name(), entry.getValue());
                }
            } catch (LinuxException e) {
                // A later member replaced a directory above it.
                if (e.errno() != Errno.ENOENT && e.errno() != Errno.ENOTDIR) {
                    throw e;
                }
            }
        }
    }

    @Override
    public void close() {
        directories.close();
        writer.close();
    }
}
