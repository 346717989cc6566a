package dev.lockstep.runtime.network;

/** The two kinds of IP addresses. */
public enum AddressFamily {
    IPV4(4),
    IPV6(16);

    private final int bytes;

    AddressFamily(int bytes) {
        this.bytes = bytes;
    }

    /** How long an address is. */
    int bytes() {
        return bytes;
    }

    /** How long a prefix can be. */
    int bits() {
        return bytes * 8;
    }

    /** As people write it. */
    @Override
    public String toString() {
        return this == IPV4 ? "IPv4" : "IPv6";
    }
}
