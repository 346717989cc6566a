package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import java.time.Instant;

/**
 * What {@code statx(2)} says about a file itself, never about what a link points to.
 *
 * @param mode the permission bits, set-id and sticky included, without the type
 * @param changed when anything of it was changed last; no program can set it (inode(7))
 * @param fileSystem number of the device that it lies on: inodes are unique on one only
 * @param device of a device node: what it stands for
 * @param mountRoot whether something is mounted here
 */
public record FileStatus(
        Type type,
        int mode,
        int uid,
        int gid,
        long links,
        long inode,
        long size,
        Instant modified,
        Instant changed,
        long fileSystem,
        DeviceNumber device,
        boolean mountRoot) {

    /** What kind of file it is. */
    public enum Type {
        DIRECTORY(0x4000),
        REGULAR(0x8000),
        SYMLINK(0xa000),
        CHARACTER_DEVICE(0x2000),
        BLOCK_DEVICE(0x6000),
        FIFO(0x1000),
        SOCKET(0xc000);

        final int bits;

        Type(int bits) {
            this.bits = bits;
        }

        static Type of(int mode) {
            for (var type : values()) {
                if (type.bits == (mode & 0xf000)) {
                    return type;
                }
            }
            throw new IllegalArgumentException("no file type in mode 0" + Integer.toOctalString(mode));
        }
    }

    /** Which file it is: names with the same one are hard links of each other. */
    public record Identity(long fileSystem, long inode) {}

    public Identity identity() {
        return new Identity(fileSystem, inode);
    }

    public boolean isDirectory() {
        return type == Type.DIRECTORY;
    }

    /** A character device 0:0, which overlayfs takes for "this name is deleted". */
    public boolean isWhiteout() {
        return type == Type.CHARACTER_DEVICE && device.major() == 0 && device.minor() == 0;
    }

    /** Reads {@code struct statx}, one layout on all architectures. */
    static FileStatus of(Memory statx) {
        var mode = statx.getShort(28) & 0xffff;
        return new FileStatus(
                Type.of(mode),
                mode & 07777,
                statx.getInt(20),
                statx.getInt(24),
                statx.getInt(16) & 0xffffffffL,
                statx.getLong(32),
                statx.getLong(40),
                Instant.ofEpochSecond(statx.getLong(112), statx.getInt(120)),
                Instant.ofEpochSecond(statx.getLong(96), statx.getInt(104)),
                (statx.getInt(136) & 0xffffffffL) << 32 | statx.getInt(140) & 0xffffffffL,
                new DeviceNumber(statx.getInt(128), statx.getInt(132)),
                (statx.getLong(8) & FileCalls.STATX_ATTR_MOUNT_ROOT) != 0);
    }
}
