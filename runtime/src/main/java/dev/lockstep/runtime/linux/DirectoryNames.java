package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * The names in a directory, in the file system's order, without {@code .} and {@code ..}; a few hundred of them in
 * memory at once. Where it is lies with the descriptor: there is one at a time for each open directory.
 */
public final class DirectoryNames {
    private static final int BUFFER = 65536;

    private final Fd fd;
    private final Queue<RawPath> read = new ArrayDeque<>();
    private boolean ended;

    DirectoryNames(Fd fd) throws LinuxException {
        this.fd = fd;
        Libc.check(FileCalls.lseek(fd.number(), 0, 0), "lseek", fd);
    }

    /** Whether there is another one. */
    public boolean hasNext() throws LinuxException {
        while (read.isEmpty() && !ended) {
            fill();
        }
        return !read.isEmpty();
    }

    /** The next one, after {@link #hasNext()} has found it. */
    public RawPath next() {
        return read.remove();
    }

    private void fill() throws LinuxException {
        try (var memory = new Memory(BUFFER)) {
            var n = Libc.check(
                    FileCalls.getdents64(fd.number(), Libc.address(memory), memory.size()), "getdents64", fd);
            ended = n == 0;
            // struct linux_dirent64: u64 inode, s64 offset, u16 length, u8 type, name with NUL.
            for (var at = 0; at < n; at += memory.getShort(at + 16) & 0xffff) {
                var name = memory.getString(at + 19L, "ISO-8859-1");
                if (!name.equals(".") && !name.equals("..")) {
                    read.add(new RawPath(name));
                }
            }
        }
    }
}
