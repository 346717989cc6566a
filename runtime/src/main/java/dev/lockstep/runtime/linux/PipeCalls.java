package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/** Bindings of {@link Pipe}. */
final class PipeCalls {
    static {
        Native.register(PipeCalls.class, NativeLibrary.getInstance("libc.so.6"));
    }

    private PipeCalls() {}

    static native int pipe2(int[] ends, int flags);
}
