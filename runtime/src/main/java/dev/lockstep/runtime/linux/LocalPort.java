package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.nio.ByteOrder;

/**
 * Asks whether a port of this namespace is free, by binding it. For TCP only SO_REUSEADDR with listen(2) finds every
 * other listener and no closed connection.
 */
public final class LocalPort {
    private static final int TCP = 6;
    private static final int UDP = 17;

    private LocalPort() {}

    /** What {@link #probe} found. */
    public enum State {
        FREE,
        /** Somebody has a socket there. */
        TAKEN,
        /** The host does not have the address. */
        NO_SUCH_ADDRESS,
        /** The kernel does not have the protocol, or the family. */
        NO_SUCH_PROTOCOL
    }

    /**
     * Binds for a moment, in the calling thread's namespace.
     *
     * @param address four or sixteen bytes; all zero: every address of that family, and of no other
     * @param protocol 6 TCP, 17 UDP, 132 SCTP
     */
    public static State probe(byte[] address, int port, int protocol) throws LinuxException {
        var what = what(protocol) + " port " + port;
        var six = address.length == 16;
        var udp = protocol == UDP;
        var number = SocketLibrary.socket(
                six ? SocketLibrary.AF_INET6 : SocketLibrary.AF_INET,
                (udp ? SocketLibrary.SOCK_DGRAM : SocketLibrary.SOCK_STREAM) | SocketLibrary.SOCK_CLOEXEC,
                protocol);
        if (number < 0) {
            return state(Native.getLastError(), "socket", what);
        }
        try (var socket = new Fd(number, what)) {
            if (!udp) {
                set(socket, SocketLibrary.SOL_SOCKET, SocketLibrary.SO_REUSEADDR, what);
            }
            if (six) {
                set(socket, SocketLibrary.IPPROTO_IPV6, SocketLibrary.IPV6_V6ONLY, what);
            }
            // sockaddr_in: u16 family in host order, u16 port and u32 address in network order, 8 zeros;
            // sockaddr_in6: the same beginning, u32 flow label, address, u32 zone
            var name = new byte[six ? 28 : 16];
            name[ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 0 : 1] =
                    (byte) (six ? SocketLibrary.AF_INET6 : SocketLibrary.AF_INET);
            name[2] = (byte) (port >> 8);
            name[3] = (byte) port;
            System.arraycopy(address, 0, name, six ? 8 : 4, address.length);
            if (SocketLibrary.bind(socket.number(), name, name.length) < 0) {
                return state(Native.getLastError(), "bind", what);
            }
            if (!udp && SocketLibrary.listen(socket.number(), 1) < 0) {
                return state(Native.getLastError(), "listen", what);
            }
            return State.FREE;
        }
    }

    private static void set(Fd socket, int level, int option, String what) throws LinuxException {
        Libc.check(SocketLibrary.setsockopt(socket.number(), level, option, new int[] {1}, 4), "setsockopt", what);
    }

    private static String what(int protocol) {
        return switch (protocol) {
            case TCP -> "tcp";
            case UDP -> "udp";
            default -> "protocol " + protocol;
        };
    }

    private static State state(int errno, String call, String what) throws LinuxException {
        return switch (errno) {
            case Errno.EADDRINUSE -> State.TAKEN;
            case Errno.EADDRNOTAVAIL -> State.NO_SUCH_ADDRESS;
            case Errno.EPROTONOSUPPORT, Errno.EAFNOSUPPORT -> State.NO_SUCH_PROTOCOL;
            default -> throw new LinuxException(call, what, errno);
        };
    }
}
