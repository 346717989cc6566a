package dev.lockstep.runtime.linux;

import com.sun.jna.NativeLibrary;
import java.util.Optional;

/** The C library of this process. */
public final class CLibrary {
    private CLibrary() {}

    /** The version of glibc, such as {@code 2.36}; empty where the library is another one. */
    public static Optional<String> version() {
        try {
            return Libc.find(NativeLibrary.getInstance("libc.so.6"), "gnu_get_libc_version")
                    .map(function -> function.invokeString(new Object[0], false));
        } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
            // JNA's own library is made for glibc, and does not load beside another one.
            return Optional.empty();
        }
    }
}
