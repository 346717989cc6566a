package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What a name in a source tree stands for.
 *
 * @param mode permission bits, set-id and sticky included
 * @param size bytes of a regular file
 * @param link text of a symbolic link, whatever it says; empty otherwise
 * @param device of a device node
 * @param attributes extended attributes; those that belong to a host are not copied
 * @param identity the same for all names of a file that has several; empty when it has one
 */
public record SourceEntry(
        FileStatus.Type type,
        int mode,
        int uid,
        int gid,
        long size,
        Instant modified,
        RawPath link,
        DeviceNumber device,
        Map<String, byte[]> attributes,
        Optional<Identity> identity) {
    private static final RawPath NO_LINK = new RawPath("");

    /** Of a file: its inode, and the file system that it is unique on. */
    public record Identity(long fileSystem, long inode) {}

    public SourceEntry {
        attributes = Map.copyOf(attributes);
    }

    /** A regular file of root's with one name and no attributes. */
    public static SourceEntry file(int mode, long size, Instant modified) {
        return plain(FileStatus.Type.REGULAR, mode, size, modified, NO_LINK);
    }

    /** A directory of root's without attributes. */
    public static SourceEntry directory(int mode, Instant modified) {
        return plain(FileStatus.Type.DIRECTORY, mode, 0, modified, NO_LINK);
    }

    /** A symbolic link of root's. */
    public static SourceEntry symlink(RawPath target, Instant modified) {
        return plain(FileStatus.Type.SYMLINK, 0777, 0, modified, target);
    }

    private static SourceEntry plain(FileStatus.Type type, int mode, long size, Instant modified, RawPath link) {
        return new SourceEntry(type, mode, 0, 0, size, modified, link, DeviceNumber.NONE, Map.of(), Optional.empty());
    }

    public boolean isDirectory() {
        return type == FileStatus.Type.DIRECTORY;
    }

    public boolean isSymlink() {
        return type == FileStatus.Type.SYMLINK;
    }
}
