package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.IOException;

/**
 * Work on a thread that takes another umask(2) than this process away from the modes of files that it makes. A program
 * that it starts has that mask from its beginning, without a shell that sets it.
 */
public final class FileMask {
    private static final int CLONE_FS = 0x200;

    private FileMask() {}

    /** Apart from {@link Libc}, for few processes need it. */
    private static final class Library {
        static {
            Native.register(Library.class, NativeLibrary.getInstance("libc.so.6"));
        }

        private Library() {}

        static native int umask(int mask);
    }

    /**
     * Runs the work with that mask, and returns what it returns.
     *
     * @param mask bits that are taken away, such as 0022
     */
    public static <T> T run(int mask, OwnThread.Work<T> work) throws IOException {
        return OwnThread.call("umask", () -> {
            // The mask is the whole process's until a thread has one of its own.
            Libc.check(NamespaceLibrary.unshare(CLONE_FS), "unshare", "umask");
            Library.umask(mask);
            return work.run();
        });
    }
}
