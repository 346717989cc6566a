package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/** Bindings of {@link PacketSocket}. */
final class PacketCalls {
    static {
        Native.register(PacketCalls.class, NativeLibrary.getInstance("libc.so.6"));
    }

    private PacketCalls() {}

    static native int socket(int domain, int type, int protocol);

    static native int connect(int fd, byte[] address, int length);

    static native int shutdown(int fd, int how);

    static native long send(int fd, byte[] buffer, long length, int flags);

    static native long recv(int fd, long buffer, long length, int flags);
}
