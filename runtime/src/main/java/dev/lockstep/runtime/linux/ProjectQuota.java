package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How much the files of a directory may take, by projects (xfs(5), ext4(5), quotactl(2)): a directory has the number of
 * a project, whatever is made in it has the same, and the file system counts the blocks of each number. Only where the
 * file system was made and mounted so. Every path is a directory on the file system that is meant.
 */
public final class ProjectQuota {
    /** From 424 on numbers are equal on every architecture; it takes a descriptor in place of a device, Linux 5.14. */
    private static final long QUOTACTL_FD = 443;

    private static final int PROJECTS = 2;
    private static final long Q_GETQUOTA = command(0x800007);
    private static final long Q_SETQUOTA = command(0x800008);
    /** {@code Q_XGETQSTAT} of linux/dqblk_xfs.h, which the file systems of the other kind answer as well. */
    private static final long Q_STATE = command(('X' << 8) + 5);

    private static final int STATE_FLAGS_AT = 2;
    private static final int LIMITS_HOLD = 1 << 5;
    private static final int STATE_SIZE = 128;

    /** {@code struct if_dqblk} of linux/quota.h: limits in KiB, use in bytes. */
    private static final int QUOTA_SIZE = 72;

    private static final int USED_AT = 16;
    private static final int FILES_AT = 40;
    private static final int VALID_AT = 64;
    private static final int VALID_BLOCK_LIMITS = 1;
    private static final long BLOCK = 1024;

    /** {@code FS_IOC_FSGETXATTR} and {@code FS_IOC_FSSETXATTR} of linux/fs.h, with {@code struct fsxattr}. */
    private static final long GET_ATTRIBUTES = 0x801c581fL;

    private static final long SET_ATTRIBUTES = 0x401c5820L;
    private static final int ATTRIBUTES_SIZE = 28;
    private static final int PROJECT_AT = 12;
    private static final int PROJECT_INHERITED = 0x200;

    static {
        Native.register(ProjectQuota.class, NativeLibrary.getInstance("libc.so.6"));
    }

    private ProjectQuota() {}

    private static native int ioctl(int fd, long request, long argument);

    private static long command(int number) {
        return Integer.toUnsignedLong(number << 8 | PROJECTS);
    }

    /**
     * What the file system has of one project.
     *
     * @param limit bytes, a multiple of 1024; 0: as many as there are
     * @param used bytes
     * @param files directories and all other kinds among them
     */
    public record Use(long limit, long used, long files) {
        /** Whether nobody has the number. */
        public boolean isNobodys() {
            return limit == 0 && used == 0 && files == 0;
        }
    }

    /** Whether the file system holds projects to their limits. */
    public static boolean isEnforced(Path directory) throws LinuxException {
        try (var fd = open(directory);
                var state = Libc.zeroed(STATE_SIZE)) {
            return Libc.syscall(QUOTACTL_FD, fd.number(), Q_STATE, 0, Libc.address(state), 0) == 0
                    && (state.getShort(STATE_FLAGS_AT) & LIMITS_HOLD) != 0;
        }
    }

    /** The number of the project that a directory belongs to; 0: none. */
    public static int project(Path directory) throws LinuxException {
        try (var fd = open(directory);
                var attributes = Libc.zeroed(ATTRIBUTES_SIZE)) {
            return ioctl(fd.number(), GET_ATTRIBUTES, Libc.address(attributes)) == 0
                    ? attributes.getInt(PROJECT_AT)
                    : 0;
        }
    }

    /** Gives an empty directory, and whatever is made in it from now on, to a project. */
    public static void assign(Path directory, int project) throws LinuxException {
        try (var fd = open(directory);
                var attributes = Libc.zeroed(ATTRIBUTES_SIZE)) {
            var address = Libc.address(attributes);
            Libc.check(ioctl(fd.number(), GET_ATTRIBUTES, address), "ioctl FS_IOC_FSGETXATTR", directory);
            attributes.setInt(0, attributes.getInt(0) | PROJECT_INHERITED);
            attributes.setInt(PROJECT_AT, project);
            Libc.check(ioctl(fd.number(), SET_ATTRIBUTES, address), "ioctl FS_IOC_FSSETXATTR", directory);
        }
    }

    /** What a project has; absent where the file system does not count. */
    public static Optional<Use> use(Path directory, int project) throws LinuxException {
        try (var fd = open(directory);
                var quota = Libc.zeroed(QUOTA_SIZE)) {
            if (Libc.syscall(QUOTACTL_FD, fd.number(), Q_GETQUOTA, project, Libc.address(quota), 0) < 0) {
                // XFS has written down nothing about a number that nobody ever had.
                return Native.getLastError() == Errno.ENOENT ? Optional.of(new Use(0, 0, 0)) : Optional.empty();
            }
            return Optional.of(new Use(quota.getLong(0) * BLOCK, quota.getLong(USED_AT), quota.getLong(FILES_AT)));
        }
    }

    /**
     * Sets how much the files of a project may take.
     *
     * @param bytes 0: as many as there are; rounded up to 1024. Less than they take now means that none can be added
     */
    public static void limit(Path directory, int project, long bytes) throws LinuxException {
        try (var fd = open(directory);
                var quota = Libc.zeroed(QUOTA_SIZE)) {
            // The hard limit alone: a soft one would be a time of grace.
            quota.setLong(0, (bytes + BLOCK - 1) / BLOCK);
            quota.setInt(VALID_AT, VALID_BLOCK_LIMITS);
            Libc.check(
                    Libc.syscall(QUOTACTL_FD, fd.number(), Q_SETQUOTA, project, Libc.address(quota), 0),
                    "quotactl_fd Q_SETQUOTA project " + Integer.toUnsignedString(project),
                    directory);
        }
    }

    private static Fd open(Path directory) throws LinuxException {
        return Fd.open(directory, Architecture.current().oDirectory);
    }
}
