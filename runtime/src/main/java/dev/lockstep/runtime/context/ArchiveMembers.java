package dev.lockstep.runtime.context;

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
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes the members of an archive into a directory that may hold something. Directories are merged, everything else is
 * replaced; links on the way to a member are followed with the directory as root. For one thread.
 */
final class ArchiveMembers implements AutoCloseable {
    private static final int BLOCK = 128 * 1024;
    private static final long MOST_ENTRIES = 5_000_000;
    private static final long MOST_BYTES = 64L << 30;
    private static final long LAST_ID = 0xffff_fffeL;

    private final Destination places;
    private final Optional<Ownership.Owner> owner;
    private final BlockWriter writer = new BlockWriter(BLOCK);
    /** Set last: what is put into a directory changes its time. */
    private final Map<List<String>, Instant> directoryTimes = new LinkedHashMap<>();

    /** The directory that the last member went to: members of one follow each other. */
    private Optional<Parent> parent = Optional.empty();

    private long entries;
    private long bytes;

    private record Parent(String path, List<String> place, Directory directory) {}

    ArchiveMembers(Directory target, Optional<Ownership.Owner> owner, Optional<Instant> time) {
        this.owner = owner;
        this.places = new Destination(target, owner.orElse(Ownership.Owner.ROOT), time);
    }

    /** Unpacks all; how many there were. */
    long unpack(TarReader tar) throws IOException {
        for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted");
            }
            bytes += entry.get().size();
            if (++entries > MOST_ENTRIES || entry.get().size() > MOST_BYTES || bytes > MOST_BYTES) {
                throw new ArchiveException(
                        "it has more than " + MOST_ENTRIES + " members, or " + MOST_BYTES + " bytes");
            }
            member(entry.get(), tar);
        }
        leaveParent();
        for (var time : directoryTimes.entrySet()) {
            var place = time.getKey();
            if (places.isDirectory(place)) {
                try (var above = places.open(place.subList(0, place.size() - 1))) {
                    above.setModified(new RawPath(place.getLast()), time.getValue());
                }
            }
        }
        places.finish();
        return entries;
    }

    private void member(TarEntry entry, TarReader tar) throws IOException {
        // Cleaned as an absolute path: there is nothing above the root.
        var path = Ignore.clean("/" + entry.name().latin1());
        if (path.equals("/")) {
            return; // the directory itself keeps what it is
        }
        for (var part : path.substring(1).split("/", -1)) {
            if (part.length() > 255) {
                throw new ArchiveException("a name has " + part.length() + " bytes, Linux allows 255");
            }
        }
        var name = new RawPath(path.substring(path.lastIndexOf('/') + 1));
        var into = parent(path.substring(0, path.lastIndexOf('/')));
        switch (entry.type()) {
            case FILE -> file(entry, tar, into, name);
            case DIRECTORY -> directory(entry, into, name);
            case HARD_LINK -> hardLink(entry, path, into, name);
            case SYMLINK -> {
                if (entry.link().isEmpty()) {
                    throw new ArchiveException("the symbolic link " + entry.name() + " has no target");
                }
                clear(into, name);
                into.makeSymlink(entry.link(), name);
                into.setOwner(name, uid(entry), gid(entry));
                into.setModified(name, entry.modified());
            }
            case CHARACTER_DEVICE -> node(entry, into, name, FileStatus.Type.CHARACTER_DEVICE);
            case BLOCK_DEVICE -> node(entry, into, name, FileStatus.Type.BLOCK_DEVICE);
            case FIFO -> node(entry, into, name, FileStatus.Type.FIFO);
            case UNKNOWN -> throw new ArchiveException(entry.name() + " is of a type that nobody knows");
        }
    }

    /** The directory of a path; what is missing of it is made. */
    private Directory parent(String path) throws IOException {
        if (parent.isPresent() && parent.get().path().equals(path)) {
            return parent.get().directory();
        }
        leaveParent();
        var place = places.resolve(path);
        parent = Optional.of(new Parent(path, place, places.make(place)));
        return parent.get().directory();
    }

    private void leaveParent() {
        parent.ifPresent(open -> open.directory().close());
        parent = Optional.empty();
    }

    private List<String> place(RawPath name) {
        var above = parent.orElseThrow().place();
        var place = new String[above.size() + 1];
        above.toArray(place);
        place[above.size()] = name.latin1();
        return Arrays.asList(place);
    }

    private int uid(TarEntry entry) throws ArchiveException {
        return owner.isPresent() ? owner.get().uid() : id(entry.uid());
    }

    private int gid(TarEntry entry) throws ArchiveException {
        return owner.isPresent() ? owner.get().gid() : id(entry.gid());
    }

    private static int id(long number) throws ArchiveException {
        if (number < 0 || number > LAST_ID) {
            throw new ArchiveException("an owner " + number + ", Linux has 0 to " + LAST_ID);
        }
        return (int) number;
    }

    private void file(TarEntry entry, TarReader tar, Directory into, RawPath name) throws IOException {
        try (var fd = create(into, name)) {
            var holes = new boolean[1];
            tar.copyTo(new TarReader.Sink() {
                @Override
                public void write(byte[] source, int offset, int length) throws IOException {
                    writer.write(fd, source, offset, length);
                }

                @Override
                public void skip(long bytes) throws IOException {
                    holes[0] = true;
                    writer.skip(fd, bytes);
                }
            });
            if (holes[0]) {
                writer.end(fd, entry.size());
            }
            writer.describe(fd, uid(entry), gid(entry), entry.mode(), entry.modified());
        }
        attributes(entry, into, name);
    }

    private Fd create(Directory into, RawPath name) throws IOException {
        try {
            return into.createFile(name);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
            clear(into, name);
            return into.createFile(name);
        }
    }

    /** Removes what is there, a whole tree if need be. */
    private void clear(Directory into, RawPath name) throws LinuxException {
        var status = into.status(name);
        if (status.isPresent()) {
            into.removeTree(name);
            if (status.get().isDirectory()) {
                directoryTimes.remove(place(name));
            }
        }
    }

    private void directory(TarEntry entry, Directory into, RawPath name) throws IOException {
        if (into.status(name).filter(FileStatus::isDirectory).isEmpty()) {
            clear(into, name);
            into.makeDirectory(name, 0700);
        }
        into.setOwner(name, uid(entry), gid(entry));
        into.setMode(name, entry.mode());
        attributes(entry, into, name);
        directoryTimes.put(place(name), entry.modified());
    }

    /** The target is a name below the same root, not followed when it is a link itself. */
    private void hardLink(TarEntry entry, String path, Directory into, RawPath name) throws IOException {
        var link = Ignore.clean("/" + entry.link().latin1());
        if (link.equals(path)) {
            return;
        }
        var source = new RawPath(link.substring(link.lastIndexOf('/') + 1));
        var above = places.resolve(link.substring(0, link.lastIndexOf('/')));
        var status =
                link.equals("/") || !places.isDirectory(above) ? Optional.<FileStatus>empty() : statusIn(above, source);
        if (status.filter(s -> !s.isDirectory()).isEmpty()) {
            throw new ArchiveException("a hard link " + entry.name() + " to " + entry.link() + ", which is "
                    + (status.isEmpty() ? "not there" : "a directory"));
        }
        var there = into.status(name);
        if (there.isPresent() && there.get().inode() == status.get().inode()) {
            return;
        }
        clear(into, name);
        try (var from = places.open(above)) {
            into.makeLink(from, source, name);
        }
    }

    private Optional<FileStatus> statusIn(List<String> place, RawPath name) throws IOException {
        try (var directory = places.open(place)) {
            return directory.status(name);
        }
    }

    private void node(TarEntry entry, Directory into, RawPath name, FileStatus.Type type) throws IOException {
        DeviceNumber device;
        try {
            device = new DeviceNumber(Math.toIntExact(entry.deviceMajor()), Math.toIntExact(entry.deviceMinor()));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ArchiveException("a device " + entry.deviceMajor() + ":" + entry.deviceMinor());
        }
        if (type == FileStatus.Type.CHARACTER_DEVICE && device.equals(DeviceNumber.NONE)) {
            throw new ArchiveException("a character device 0:0, which in a layer deletes a file unseen");
        }
        clear(into, name);
        into.makeNode(name, type, device);
        into.setOwner(name, uid(entry), gid(entry));
        into.setMode(name, entry.mode());
        attributes(entry, into, name);
        into.setModified(name, entry.modified());
    }

    private static void attributes(TarEntry entry, Directory into, RawPath name) throws IOException {
        var carries = entry.type() == TarEntry.Type.FILE || entry.type() == TarEntry.Type.DIRECTORY;
        FileWriter.attributes(into, name, Planned.carried(entry.attributes(), carries));
    }

    @Override
    public void close() {
        leaveParent();
        writer.close();
    }
}
