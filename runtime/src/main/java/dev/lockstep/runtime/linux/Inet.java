package dev.lockstep.runtime.linux;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Addresses as the kernel sends them. */
final class Inet {
    private Inet() {}

    /** Four or sixteen bytes as the JDK's type, which would make an IPv4 address of a mapped one. */
    static InetAddress address(byte[] bytes) {
        try {
            return bytes.length == 16 ? Inet6Address.getByAddress(null, bytes, -1) : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an address has 4 or 16 bytes, got " + bytes.length, e);
        }
    }

    /** The attribute's address of that family. */
    static InetAddress address(NetlinkReply attribute, int family) {
        return address(attribute.bytes(0, family == SocketLibrary.AF_INET ? 4 : 16));
    }
}
