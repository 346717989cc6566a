package dev.lockstep.runtime.context;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.linux.BlockReader;
import dev.lockstep.runtime.linux.BlockWriter;
import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes everything but directories. What has the name already is replaced, never written through: a link there does
 * not lead anywhere. One block for all files; for one thread.
 */
final class FileWriter implements AutoCloseable {
    private static final int BLOCK = 256 * 1024;

    private static final byte[] NOTHING = {};
    private static final RawPath HERE = new RawPath(".");

    private final Directory root;
    private final BlockReader reader = new BlockReader(BLOCK);
    private final BlockWriter writer = new BlockWriter(BLOCK);
    private final MessageDigest sha256 = BlobStore.sha256();
    private final byte[] block = new byte[BLOCK];
    private final byte[] zeros = new byte[BLOCK];
    /** Of each file that has several names in one source. */
    private final Map<SourceEntry.Identity, First> links = new HashMap<>();

    /** Where the first name of a file is, and what is in it. */
    private static final class First {
        final List<String> place;
        final byte[] content;

        First(List<String> place, byte[] content) {
            this.place = List.copyOf(place);
            this.content = content;
        }
    }

    private long count;
    private long bytes;

    /** @param root that places are relative to */
    FileWriter(Directory root) {
        this.root = root;
    }

    /** Everything but directories. */
    long count() {
        return count;
    }

    /** Of regular files. */
    long bytes() {
        return bytes;
    }

    /** Files of the next source are other files. */
    void forgetLinks() {
        links.clear();
    }

    /**
     * Writes one.
     *
     * @param place of the target directory, from the root
     * @return sha256 of a regular file's content; empty for all others
     */
    byte[] write(
            SourceDirectory source, RawPath name, Planned planned, Directory target, RawPath as, List<String> place)
            throws IOException {
        var entry = planned.entry();
        checkInterrupted();
        count++;
        var hash = NOTHING;
        switch (entry.type()) {
            case REGULAR -> {
                var first = entry.identity().map(links::get);
                if (first.isPresent()) {
                    link(first.get().place, target, as, place);
                    return first.get().content;
                }
                try (var content = source.open(name);
                        var fd = create(target, as, place)) {
                    hash = copy(content, fd, entry.size());
                    writer.describe(
                            fd, planned.owner().uid(), planned.owner().gid(), planned.mode(), planned.modified());
                }
                attributes(target, as, planned.attributes());
            }
            case SYMLINK -> {
                makeRoom(target, as, place);
                target.makeSymlink(entry.link(), as);
                describe(target, as, planned);
            }
            case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> {
                checkDevice(entry, as);
                makeRoom(target, as, place);
                target.makeNode(as, entry.type(), entry.device());
                describe(target, as, planned);
            }
            case SOCKET, DIRECTORY -> throw new IllegalArgumentException("no file: " + as);
        }
        if (entry.identity().isPresent()) {
            var whole = new ArrayList<>(place);
            whole.add(as.latin1());
            links.put(entry.identity().get(), new First(whole, hash));
        }
        return hash;
    }

    private static void checkDevice(SourceEntry entry, RawPath as) throws ContextException {
        if (entry.type() == FileStatus.Type.CHARACTER_DEVICE && entry.device().equals(DeviceNumber.NONE)) {
            throw new ContextException(as + " is a character device 0:0, which in a layer deletes a file unseen");
        }
    }

    /** So many files came out of an archive. */
    void add(long unpacked) {
        count += unpacked;
    }

    /** Makes another name of a file that was written before. */
    private void link(List<String> first, Directory target, RawPath as, List<String> place) throws IOException {
        makeRoom(target, as, place);
        try (var above = open(first.subList(0, first.size() - 1))) {
            target.makeLink(above, new RawPath(first.getLast()), as);
        }
    }

    private Directory open(List<String> place) throws IOException {
        var directory = root.directory(HERE);
        for (var part : place) {
            try (var above = directory) {
                directory = above.directory(new RawPath(part));
            }
        }
        return directory;
    }

    /** Hardly any name is there already, so nobody looks before. */
    private static Fd create(Directory target, RawPath as, List<String> place) throws IOException {
        try {
            return target.createFile(as);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
            makeRoom(target, as, place);
            return target.createFile(as);
        }
    }

    private static void makeRoom(Directory target, RawPath as, List<String> place) throws IOException {
        var status = target.status(as);
        if (status.isEmpty()) {
            return;
        }
        if (status.get().isDirectory()) {
            throw new ContextException("cannot replace to directory /"
                    + (place.isEmpty() ? "" : Destination.shown(place) + "/") + as + " with file");
        }
        target.remove(as);
    }

    /** Reads a file for its sha256 alone; closes it. */
    byte[] hash(SourceContent content) throws IOException {
        try (content) {
            for (var n = read(content); n >= 0; n = read(content)) {
                checkInterrupted();
                sha256.update(block, 0, n);
            }
            return sha256.digest();
        }
    }

    /** A file may be larger than anybody wants to wait for. */
    static void checkInterrupted() throws InterruptedIOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted");
        }
    }

    private int read(SourceContent content) throws IOException {
        return content.file().isPresent()
                ? reader.read(content.file().get(), block)
                : content.stream().read(block);
    }

    /**
     * Copies, and hashes what it copies. The kernel's own copying would not let us see it, and cannot do it between the
     * file systems of a context and of an overlay anyway. A block of zeros becomes a hole.
     */
    private byte[] copy(SourceContent content, Fd to, long size) throws IOException {
        var done = 0L;
        var hole = false;
        // A short read at the size that it should have is the end: most files take one read and one write.
        for (var n = read(content); n >= 0; n = n < BLOCK && done == size ? -1 : read(content)) {
            checkInterrupted();
            sha256.update(block, 0, n);
            hole = n == BLOCK && Arrays.equals(block, zeros);
            if (hole) {
                writer.skip(to, n);
            } else {
                writer.write(to, block, 0, n);
            }
            done += n;
        }
        if (hole) {
            writer.end(to, done);
        }
        bytes += done;
        return sha256.digest();
    }

    /**
     * Owner first, which clears set-id bits; then mode; then attributes, since a change of owner clears capabilities.
     */
    void describe(Directory target, RawPath as, Planned planned) throws IOException {
        target.setOwner(as, planned.owner().uid(), planned.owner().gid());
        if (!planned.entry().isSymlink()) {
            target.setMode(as, planned.mode());
            attributes(target, as, planned.attributes());
        }
        target.setModified(as, planned.modified());
    }

    static void attributes(Directory target, RawPath as, Map<String, byte[]> attributes) throws IOException {
        for (var attribute : attributes.entrySet()) {
            try {
                target.setAttribute(as, attribute.getKey(), attribute.getValue());
            } catch (LinuxException e) {
                // A file system without user attributes loses a note; without capabilities a program would not work.
                if (e.errno() != Errno.EOPNOTSUPP || !attribute.getKey().startsWith("user.")) {
                    throw e;
                }
            }
        }
    }

    @Override
    public void close() {
        reader.close();
        writer.close();
    }
}
