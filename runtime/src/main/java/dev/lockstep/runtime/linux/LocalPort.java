package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.nio.ByteOrder;

/**
 * Asks whether a port of this namespace is free, by binding it. For TCP only SO_REUSEADDR with listen(2) finds every
 * other listener and no closed connection.
 */
public final class LocalPort {
    private LocalPort() {}

    /** What {@link #probe} found. */
    public enum State {
        FREE,
        /** Somebody has a socket there. */
        TAKEN,
        /** The host does not have the address. */
        NO_SUCH_ADDRESS
    }

    /** Binds for a moment, in the calling thread's namespace. */
    public static State probe(byte[] ipv4, int port, boolean udp) throws LinuxException {
        var what = (udp ? "udp" : "tcp") + " port " + port;
        try (var socket = new Fd(
                Libc.check(
                        SocketLibrary.socket(
                                SocketLibrary.AF_INET,
                                (udp ? SocketLibrary.SOCK_DGRAM : SocketLibrary.SOCK_STREAM)
                                        | SocketLibrary.SOCK_CLOEXEC,
                                0),
                        "socket",
                        what),
                what)) {
            if (!udp) {
                Libc.check(
                        SocketLibrary.setsockopt(
                                socket.number(),
                                SocketLibrary.SOL_SOCKET,
                                SocketLibrary.SO_REUSEADDR,
                                new int[] {1},
                                4),
                        "setsockopt",
                        what);
            }
            // sockaddr_in: u16 family in host order, u16 port and u32 address in network order, 8 zeros
            var address = new byte[16];
            address[ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 0 : 1] = SocketLibrary.AF_INET;
            address[2] = (byte) (port >> 8);
            address[3] = (byte) port;
            System.arraycopy(ipv4, 0, address, 4, 4);
            if (SocketLibrary.bind(socket.number(), address, address.length) < 0) {
                return state(Native.getLastError(), "bind", what);
            }
            if (!udp && SocketLibrary.listen(socket.number(), 1) < 0) {
                return state(Native.getLastError(), "listen", what);
            }
            return State.FREE;
        }
    }

    private static State state(int errno, String call, String what) throws LinuxException {
        return switch (errno) {
            case Errno.EADDRINUSE -> State.TAKEN;
            case Errno.EADDRNOTAVAIL -> State.NO_SUCH_ADDRESS;
            default -> throw new LinuxException(call, what, errno);
        };
    }
}
