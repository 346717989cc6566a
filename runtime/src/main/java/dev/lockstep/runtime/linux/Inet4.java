package dev.lockstep.runtime.linux;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Four bytes as the JDK's type. */
final class Inet4 {
    private Inet4() {}

    static Inet4Address address(byte[] four) {
        try {
            return (Inet4Address) InetAddress.getByAddress(four);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an IPv4 address has four bytes, got " + four.length, e);
        }
    }
}
