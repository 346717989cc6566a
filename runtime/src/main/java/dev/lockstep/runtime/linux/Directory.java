package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An open directory and what is in it, by descriptor. There are two kinds of argument, and none is ever looked up from
 * the host's root:
 *
 * <ul>
 *   <li>a <em>path</em> ({@code …InRoot}) is resolved as a process would whose root is this directory: absolute links
 *       and {@code ..} stay inside (openat2(2), RESOLVE_IN_ROOT), links of /proc are refused;
 *   <li>a <em>name</em> is one component, and a link of that name is acted on itself, not followed.
 * </ul>
 *
 * Not for two threads at once.
 */
public final class Directory implements AutoCloseable {
    private static final Architecture ARCHITECTURE = Architecture.current();
    /** Names that a removal keeps in memory: whoever made the tree may have put millions into one directory. */
    private static final int AT_ONCE = 10_000;

    private static final RawPath HERE = new RawPath(".");

    private static final RawPath ITSELF = RawPath.of(".");

    private final Fd fd;

    private Directory(Fd fd) {
        this.fd = fd;
    }

    /** Opens a directory of the host; follows links. */
    public static Directory open(Path path) throws LinuxException {
        return new Directory(Fd.open(path, ARCHITECTURE.oDirectory));
    }

    /** The descriptor; closed with this directory. */
    public Fd fd() {
        return fd;
    }

    // Paths, resolved with this directory as root.

    /** Opens a directory below. */
    public Directory directoryInRoot(RawPath path) throws LinuxException {
        return new Directory(openInRoot(path, ARCHITECTURE.oDirectory));
    }

    /** Opens a file below for reading; never waits for the other end of a FIFO, and opens no device: ENXIO. */
    public Fd fileInRoot(RawPath path) throws LinuxException {
        return forReading(placeInRoot(path), at(path));
    }

    /** Opens a place below without opening the file (O_PATH): for mounts and for looking at it. */
    public Fd placeInRoot(RawPath path) throws LinuxException {
        return openInRoot(path, Libc.O_PATH);
    }

    private Fd openInRoot(RawPath path, int flags) throws LinuxException {
        return openat2(path, flags, FileCalls.RESOLVE_IN_ROOT | FileCalls.RESOLVE_NO_MAGICLINKS);
    }

    /** Opens a place below where no component is a link and nothing leaves this directory: EXDEV or ELOOP otherwise. */
    public Fd placeBeneath(RawPath path) throws LinuxException {
        return openat2(
                path,
                Libc.O_PATH,
                FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS | FileCalls.RESOLVE_NO_MAGICLINKS);
    }

    /**
     * The same where links are followed that stay below, also by way of {@code ..}: EXDEV for one that leaves, and for
     * every absolute one.
     */
    public Fd placeBeneathByLinks(RawPath path) throws LinuxException {
        return openat2(path, Libc.O_PATH, FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_MAGICLINKS);
    }

    /**
     * Opens a directory below after making what is missing of it: {@code mode}, owner root. Links on the way are
     * followed inside the root; a dangling one is ENOENT.
     */
    public Directory makeDirectoriesInRoot(RawPath path, int mode) throws LinuxException {
        try {
            return directoryInRoot(path);
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
        }
        var parts = List.of(path.latin1().split("/", -1));
        // From below: who nests thousands makes us look at what is missing, and not at all of them each time.
        var there = parts.size() - 1;
        while (there > 0 && !isDirectoryInRoot(parts.subList(0, there))) {
            there--;
        }
        var done = new StringBuilder();
        parts.subList(0, there).forEach(part -> done.append(part).append('/'));
        for (var part : parts.subList(there, parts.size())) {
            if (part.isEmpty()) {
                continue;
            }
            // The parent is opened anew from the root for each part: ".." in the path must not leave it.
            try (var parent = directoryInRoot(done.isEmpty() ? HERE : new RawPath(done.toString()))) {
                if (!part.equals(".") && !part.equals("..")) {
                    parent.makeDirectoryUnlessThere(new RawPath(part), mode);
                }
            }
            done.append(part).append('/');
        }
        return directoryInRoot(path);
    }

    private boolean isDirectoryInRoot(List<String> parts) throws LinuxException {
        try (var _ = directoryInRoot(new RawPath(String.join("/", parts)))) {
            return true;
        } catch (LinuxException e) {
            if (e.errno() != Errno.ENOENT) {
                throw e;
            }
            return false;
        }
    }

    private void makeDirectoryUnlessThere(RawPath name, int mode) throws LinuxException {
        try {
            makeDirectory(name, mode);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
        }
    }

    private Fd openat2(RawPath path, int flags, long resolve) throws LinuxException {
        var text = path.isEmpty() ? HERE.terminated() : path.terminated();
        try (var memory = new Memory(24 + text.length)) {
            memory.setLong(0, (flags | Libc.O_CLOEXEC) & 0xffffffffL);
            memory.setLong(8, 0);
            memory.setLong(16, resolve);
            memory.write(24, text, 0, text.length);
            var address = Libc.address(memory);
            // EAGAIN: something was renamed while ".." was looked up; the kernel asks for another try.
            for (var attempts = 0; ; attempts++) {
                var number = Libc.syscall(FileCalls.SYS_OPENAT2, fd.number(), address + 24, address, 24, 0);
                if (number < 0 && Native.getLastError() == Errno.EAGAIN && attempts < 128) {
                    continue;
                }
                return new Fd(Libc.check(number, "openat2", at(path)), at(path));
            }
        }
    }

    // Names: one component, links not followed.

    /** Opens a directory of this directory; ENOTDIR when it is a link or something else. */
    public Directory directory(RawPath name) throws LinuxException {
        return new Directory(openat(name, ARCHITECTURE.oDirectory | ARCHITECTURE.oNoFollow, 0));
    }

    /** Opens a file of this directory for reading; ELOOP when it is a link. Never waits for the other end of a FIFO. */
    public Fd file(RawPath name) throws LinuxException {
        return openat(name, Libc.O_RDONLY | Libc.O_NONBLOCK | ARCHITECTURE.oNoFollow, 0);
    }

    /** The same where somebody may put another one in its place meanwhile: opens no device, ENXIO. */
    public Fd changingFile(RawPath name) throws LinuxException {
        return forReading(openat(name, Libc.O_PATH | ARCHITECTURE.oNoFollow, 0), at(name));
    }

    /**
     * Opens what is no device. Whoever is root in a container makes every device there, and is kept from opening it by
     * rules that are the container's alone. For us it would begin a watchdog's time, rewind a tape, or make a terminal
     * ours, with the signals of its end.
     */
    private static Fd forReading(Fd place, Object subject) throws LinuxException {
        try (place;
                var memory = Libc.zeroed(FileCalls.STATX_SIZE)) {
            Libc.check(
                    FileCalls.statx(
                            place.number(),
                            Libc.bytes(""),
                            Libc.AT_EMPTY_PATH,
                            FileCalls.STATX_BASIC_STATS,
                            Libc.address(memory)),
                    "statx",
                    subject);
            var type = FileStatus.of(memory).type();
            if (type == FileStatus.Type.CHARACTER_DEVICE || type == FileStatus.Type.BLOCK_DEVICE) {
                throw new LinuxException("open", subject.toString(), Errno.ENXIO);
            }
            if (type == FileStatus.Type.SYMLINK) {
                throw new LinuxException("open", subject.toString(), Errno.ELOOP);
            }
            var number = Libc.open(Libc.bytes(place.procPath()), Libc.O_RDONLY | Libc.O_NONBLOCK | Libc.O_CLOEXEC, 0);
            return new Fd(Libc.check(number, "open", subject), subject);
        }
    }

    /** Makes a regular file (mode 0600) and opens it for writing; EEXIST when the name is taken by anything. */
    public Fd createFile(RawPath name) throws LinuxException {
        return openat(name, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | ARCHITECTURE.oNoFollow, 0600);
    }

    private Fd openat(RawPath name, int flags, int mode) throws LinuxException {
        return new Fd(
                Libc.check(Libc.openat(fd.number(), component(name), flags | Libc.O_CLOEXEC, mode), "openat", at(name)),
                at(name));
    }

    /** Makes a directory with exactly that mode, whatever the umask. */
    public void makeDirectory(RawPath name, int mode) throws LinuxException {
        Libc.check(FileCalls.mkdirat(fd.number(), component(name), 0700), "mkdirat", at(name));
        setMode(name, mode);
    }

    /** Makes a device node, FIFO or socket with mode 0600. */
    public void makeNode(RawPath name, FileStatus.Type type, DeviceNumber device) throws LinuxException {
        Libc.check(
                FileCalls.mknodat(fd.number(), component(name), type.bits | 0600, device.encoded()),
                "mknodat",
                at(name));
    }

    /** Makes a character device 0:0: overlayfs takes it for "this name is deleted". */
    public void makeWhiteout(RawPath name) throws LinuxException {
        Libc.check(
                FileCalls.mknodat(
                        fd.number(),
                        component(name),
                        FileStatus.Type.CHARACTER_DEVICE.bits,
                        DeviceNumber.NONE.encoded()),
                "mknodat",
                at(name));
    }

    /** Makes a symbolic link whose text is {@code target}, whatever it says. */
    public void makeSymlink(RawPath target, RawPath name) throws LinuxException {
        Libc.check(FileCalls.symlinkat(target.terminated(), fd.number(), component(name)), "symlinkat", at(name));
    }

    /** Makes {@code name} another name of what is called {@code sourceName} in {@code source}. */
    public void makeLink(Directory source, RawPath sourceName, RawPath name) throws LinuxException {
        Libc.check(
                FileCalls.linkat(source.fd.number(), component(sourceName), fd.number(), component(name), 0),
                "linkat",
                at(name));
    }

    /** Renames, replacing what has the new name where rename(2) allows that. */
    public void rename(RawPath name, Directory target, RawPath newName) throws LinuxException {
        Libc.check(
                FileCalls.renameat2(fd.number(), component(name), target.fd.number(), component(newName), 0),
                "renameat",
                at(name));
    }

    /**
     * Renames, unless something has the new name already; false then. Where the file system cannot do that in one step
     * (NFS, many of FUSE), somebody who takes the name between both loses it.
     */
    public boolean renameNew(RawPath name, Directory target, RawPath newName) throws LinuxException {
        var result = FileCalls.renameat2(
                fd.number(), component(name), target.fd.number(), component(newName), FileCalls.RENAME_NOREPLACE);
        if (result < 0 && Native.getLastError() == Errno.EEXIST) {
            return false;
        }
        if (result < 0 && Native.getLastError() == Errno.EINVAL) {
            if (target.status(newName).isPresent()) {
                return false;
            }
            rename(name, target, newName);
            return true;
        }
        Libc.check(result, "renameat2", at(name));
        return true;
    }

    /** Lets the two names change places, in one step. Both must be there. */
    public void exchange(RawPath name, Directory target, RawPath other) throws LinuxException {
        Libc.check(
                FileCalls.renameat2(
                        fd.number(), component(name), target.fd.number(), component(other), FileCalls.RENAME_EXCHANGE),
                "renameat2",
                at(name));
    }

    /** Text of a symbolic link. */
    public RawPath readLink(RawPath name) throws LinuxException {
        try (var memory = new Memory(4096)) {
            var n = Libc.check(
                    FileCalls.readlinkat(fd.number(), component(name), Libc.address(memory), memory.size()),
                    "readlinkat",
                    at(name));
            return RawPath.of(memory.getByteArray(0, n));
        }
    }

    /** The file itself, or empty when there is none of that name. */
    public Optional<FileStatus> status(RawPath name) throws LinuxException {
        try (var memory = Libc.zeroed(FileCalls.STATX_SIZE)) {
            var result = FileCalls.statx(
                    fd.number(),
                    component(name),
                    Libc.AT_SYMLINK_NOFOLLOW,
                    FileCalls.STATX_BASIC_STATS,
                    Libc.address(memory));
            if (result < 0 && Native.getLastError() == Errno.ENOENT) {
                return Optional.empty();
            }
            Libc.check(result, "statx", at(name));
            return Optional.of(FileStatus.of(memory));
        }
    }

    /** Sets the owner. Clears set-id bits and capabilities of files, so it goes before {@link #setMode}. */
    public void setOwner(RawPath name, int uid, int gid) throws LinuxException {
        Libc.check(
                FileCalls.fchownat(fd.number(), component(name), uid, gid, Libc.AT_SYMLINK_NOFOLLOW),
                "fchownat",
                at(name));
    }

    /** Sets the permission bits; a symbolic link has none, and EOPNOTSUPP says so. */
    public void setMode(RawPath name, int mode) throws LinuxException {
        Libc.check(
                FileCalls.fchmodat(fd.number(), component(name), mode, Libc.AT_SYMLINK_NOFOLLOW), "fchmodat", at(name));
    }

    /** Gives this directory itself owner and permission bits of another. */
    public void imitate(Directory other) throws LinuxException {
        var status = other.status(ITSELF).orElseThrow();
        setOwner(ITSELF, status.uid(), status.gid());
        setMode(ITSELF, status.mode());
    }

    /** Sets access and modification time. */
    public void setModified(RawPath name, Instant time) throws LinuxException {
        try (var memory = new Memory(32)) {
            for (var at = 0; at < 32; at += 16) {
                memory.setLong(at, time.getEpochSecond());
                memory.setLong(at + 8, time.getNano());
            }
            Libc.check(
                    FileCalls.utimensat(fd.number(), component(name), Libc.address(memory), Libc.AT_SYMLINK_NOFOLLOW),
                    "utimensat",
                    at(name));
        }
    }

    /** Sets an extended attribute of the file itself, also of a symbolic link. */
    public void setAttribute(RawPath name, String attribute, byte[] value) throws LinuxException {
        Libc.check(
                FileCalls.lsetxattr(through(name), Libc.bytes(attribute), value, value.length, 0),
                "lsetxattr " + attribute,
                at(name));
    }

    /** All extended attributes of the file itself, by name; empty where the file system has none. */
    public Map<String, byte[]> attributes(RawPath name) throws LinuxException {
        var path = through(name);
        var attributes = new TreeMap<String, byte[]>();
        try (var memory = new Memory(65536)) {
            var address = Libc.address(memory);
            var n = FileCalls.llistxattr(path, address, memory.size());
            if (n < 0 && Native.getLastError() == Errno.EOPNOTSUPP) {
                return attributes;
            }
            var names =
                    new String(memory.getByteArray(0, Libc.check(n, "llistxattr", at(name))), StandardCharsets.UTF_8);
            for (var attribute : names.split("\0", -1)) {
                if (attribute.isEmpty()) {
                    continue;
                }
                var size = FileCalls.lgetxattr(path, Libc.bytes(attribute), address, memory.size());
                if (size < 0 && Native.getLastError() == Errno.ENODATA) {
                    continue;
                }
                attributes.put(attribute, memory.getByteArray(0, Libc.check(size, "lgetxattr " + attribute, at(name))));
            }
        }
        return attributes;
    }

    /** Removes an extended attribute of the file itself. No error when it has none of that name. */
    public void removeAttribute(RawPath name, String attribute) throws LinuxException {
        if (FileCalls.lremovexattr(through(name), Libc.bytes(attribute)) < 0) {
            var errno = Native.getLastError();
            if (errno != Errno.ENODATA) {
                throw new LinuxException("lremovexattr " + attribute, at(name).toString(), errno);
            }
        }
    }

    /** Names in this directory, in the file system's order, without {@code .} and {@code ..}. */
    public List<RawPath> list() throws LinuxException {
        return list(Integer.MAX_VALUE);
    }

    /** The first of them, so many or a few more. */
    private List<RawPath> list(int most) throws LinuxException {
        var list = new ArrayList<RawPath>();
        for (var names = names(); list.size() < most && names.hasNext(); ) {
            list.add(names.next());
        }
        return list;
    }

    /** The same names one after the other: there may be more of them than there is memory. */
    public DirectoryNames names() throws LinuxException {
        return new DirectoryNames(fd);
    }

    /** The same in the order of their bytes. */
    public SortedNames sortedNames() {
        return sortedNames(SortedNames.AT_ONCE);
    }

    SortedNames sortedNames(int most) {
        return new SortedNames(
                receiver -> {
                    for (var names = names(); names.hasNext(); ) {
                        receiver.name(names.next());
                    }
                },
                most);
    }

    /** Removes a file, or an empty directory. No error when there is none. */
    public void remove(RawPath name) throws LinuxException {
        if (unlink(name, 0) == Errno.EISDIR) {
            var errno = unlink(name, Libc.AT_REMOVEDIR);
            if (errno != 0) {
                throw new LinuxException("unlinkat", at(name).toString(), errno);
            }
        }
    }

    /** Returns EISDIR for a directory, ENOTEMPTY for one that is not empty, else 0 when the name is gone. */
    private int unlink(RawPath name, int flags) throws LinuxException {
        var errno = Libc.unlinkat(fd.number(), component(name), flags) < 0 ? Native.getLastError() : 0;
        return switch (errno) {
            case 0, Errno.ENOENT -> 0;
            case Errno.EISDIR, Errno.ENOTEMPTY -> errno;
            default -> throw new LinuxException("unlinkat", at(name).toString(), errno);
        };
    }

    /**
     * Removes a file or a whole tree. No error when there is none. Never enters another file system: a mount somewhere
     * below makes it fail with EXDEV or EBUSY, and then part of the tree is left.
     */
    public void removeTree(RawPath name) throws LinuxException {
        if (unlink(name, 0) == 0) {
            return;
        }
        // Directories found inside are moved up to the top of the tree, so that depth costs no descriptors.
        try (var top = sameFileSystem(name)) {
            var moved = 0L;
            for (var names = top.list(AT_ONCE); !names.isEmpty(); names = top.list(AT_ONCE)) {
                for (var child : names) {
                    if (top.unlink(child, 0) == 0) {
                        continue;
                    }
                    try (var directory = top.sameFileSystem(child)) {
                        for (var grandchild : directory.list(AT_ONCE)) {
                            if (directory.unlink(grandchild, 0) != 0) {
                                moved = directory.moveUp(grandchild, top, moved);
                            }
                        }
                    }
                    // Where there was more in it, another turn.
                    top.unlink(child, Libc.AT_REMOVEDIR);
                }
            }
        }
        remove(name);
    }

    private long moveUp(RawPath name, Directory top, long counter) throws LinuxException {
        for (var number = counter; ; number++) {
            var result = FileCalls.renameat2(
                    fd.number(),
                    component(name),
                    top.fd.number(),
                    component(new RawPath(".removed-" + number)),
                    FileCalls.RENAME_NOREPLACE);
            var errno = result < 0 ? Native.getLastError() : 0;
            if (errno == 0) {
                return number + 1;
            }
            if (errno != Errno.EEXIST) {
                throw new LinuxException("renameat2", at(name).toString(), errno);
            }
        }
    }

    private Directory sameFileSystem(RawPath name) throws LinuxException {
        component(name);
        return new Directory(openat2(
                name,
                ARCHITECTURE.oDirectory,
                FileCalls.RESOLVE_BENEATH | FileCalls.RESOLVE_NO_SYMLINKS | FileCalls.RESOLVE_NO_XDEV));
    }

    /** Makes changes of this directory durable. */
    public void sync() throws LinuxException {
        Libc.check(FileCalls.fsync(fd.number()), "fsync", fd);
    }

    /** Makes everything on this directory's file system durable. */
    public void syncFileSystem() throws LinuxException {
        Libc.check(FileCalls.syncfs(fd.number()), "syncfs", fd);
    }

    private static byte[] component(RawPath name) {
        if (name.isEmpty() || name.latin1().indexOf('/') >= 0 || name.latin1().equals("..")) {
            throw new IllegalArgumentException("\"" + name + "\" is not a name in a directory");
        }
        return name.terminated();
    }

    /** For the calls that have no variant by descriptor: xattrs of links (xattr(7) has none for O_PATH). */
    private byte[] through(RawPath name) {
        component(name);
        return new RawPath("/proc/self/fd/" + fd.number() + "/" + name.latin1()).terminated();
    }

    /** What a call is about; made into text only for a message. */
    private record Place(Fd directory, RawPath path) {
        @Override
        public String toString() {
            return directory + "/" + path;
        }
    }

    private Place at(RawPath path) {
        return new Place(fd, path);
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return fd.toString();
    }
}
