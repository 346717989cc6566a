package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A part of a file that has data; what is in between are holes, which take no room and read as zeros (lseek(2),
 * SEEK_DATA).
 *
 * @param offset in bytes from the file's begin
 * @param length in bytes, more than 0
 */
public record FileExtent(long offset, long length) {
    /** Where it ends: the first byte that is not of it. */
    public long end() {
        return offset + length;
    }

    /**
     * All of a file, in order; one for the whole where its file system knows no holes. Moves the file's position.
     *
     * @param size of the file; what is beyond is not looked at
     * @param smallest hole that counts, in bytes
     * @param most how many; a file with more is one for the whole
     */
    public static List<FileExtent> of(Fd file, long size, long smallest, int most) throws LinuxException {
        var all = new ArrayList<FileExtent>();
        for (var next = after(file, 0, size); next.isPresent(); ) {
            var extent = next.get();
            next = after(file, extent.end(), size);
            if (!all.isEmpty() && extent.offset - all.getLast().end() < smallest) {
                extent = between(all.removeLast().offset, extent.end());
            } else if (extent.offset < smallest) {
                extent = between(0, extent.end());
            }
            if (all.size() == most) {
                return List.of(between(0, size));
            }
            all.add(extent);
        }
        if (!all.isEmpty() && size - all.getLast().end() < smallest) {
            all.add(between(all.removeLast().offset, size));
        }
        return all;
    }

    /** The first at a place or after it; empty where nothing but a hole comes. */
    static Optional<FileExtent> after(Fd file, long place, long size) throws LinuxException {
        if (place >= size) {
            return Optional.empty();
        }
        var data = FileCalls.lseek(file.number(), place, FileCalls.SEEK_DATA);
        if (data < 0) {
            var errno = Native.getLastError();
            return switch (errno) {
                case Errno.ENXIO -> Optional.empty();
                case Errno.EINVAL -> Optional.of(between(place, size)); // no such question here: procfs
                default -> throw new LinuxException("lseek", file.toString(), errno);
            };
        }
        if (data >= size) {
            return Optional.empty();
        }
        var hole = FileCalls.lseek(file.number(), data, FileCalls.SEEK_HOLE);
        // A file that became shorter meanwhile has no hole there.
        return Optional.of(between(data, hole < 0 ? size : Math.min(hole, size)));
    }

    private static FileExtent between(long begin, long end) {
        return new FileExtent(begin, end - begin);
    }
}
