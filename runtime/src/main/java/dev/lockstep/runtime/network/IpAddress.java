package dev.lockstep.runtime.network;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An IPv4 or IPv6 address, ordered by family and then as a number.
 *
 * @param family which of both
 * @param high the upper 64 bits, read as unsigned; 0 for IPv4
 * @param low the lower 64 bits, read as unsigned; 32 of them for IPv4
 */
public record IpAddress(AddressFamily family, long high, long low) implements Comparable<IpAddress> {
    /** Every IPv4 address of a host. */
    static final IpAddress ANY_IPV4 = new IpAddress(AddressFamily.IPV4, 0, 0);
    /** Every IPv6 address of a host. */
    static final IpAddress ANY_IPV6 = new IpAddress(AddressFamily.IPV6, 0, 0);

    private static final Pattern DOTTED = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");
    private static final Pattern COLONS = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
    private static final int GROUPS = 8;

    public IpAddress {
        if (family == AddressFamily.IPV4 && (high != 0 || low >>> 32 != 0)) {
            throw new IllegalArgumentException("an IPv4 address has 32 bits");
        }
    }

    /**
     * Reads the dotted form of IPv4, or any form of RFC 4291 without a zone, but for IPv4 addresses in IPv6 clothes.
     *
     * @throws IllegalArgumentException for anything else
     */
    @JsonCreator
    public static IpAddress parse(String text) {
        if (COLONS.matcher(text).matches()) {
            try {
                if (InetAddress.ofLiteral(text) instanceof Inet6Address address) {
                    return of(address.getAddress());
                }
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("\"" + text + "\" is not an IPv6 address", e);
            }
        }
        var matcher = DOTTED.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not an IP address");
        }
        var bits = 0L;
        for (var i = 1; i <= AddressFamily.IPV4.bytes(); i++) {
            var number = matcher.group(i);
            var octet = Integer.parseInt(number);
            // inet_aton(3) reads a leading zero as octal, others do not: nobody can mean it
            if (octet > 255 || (number.length() > 1 && number.startsWith("0"))) {
                throw new IllegalArgumentException("\"" + text + "\" is not an IPv4 address");
            }
            bits = (bits << 8) | octet;
        }
        return new IpAddress(AddressFamily.IPV4, 0, bits);
    }

    /** The JDK's address as ours. */
    public static IpAddress of(InetAddress address) {
        return of(address.getAddress());
    }

    /** Four or sixteen bytes in network order. */
    static IpAddress of(byte[] network) {
        var buffer = ByteBuffer.wrap(network);
        return network.length == AddressFamily.IPV4.bytes()
                ? new IpAddress(AddressFamily.IPV4, 0, Integer.toUnsignedLong(buffer.getInt()))
                : new IpAddress(AddressFamily.IPV6, buffer.getLong(), buffer.getLong());
    }

    /** The bytes in network order. */
    public byte[] bytes() {
        return switch (family) {
            case IPV4 -> ByteBuffer.allocate(4).putInt((int) low).array();
            case IPV6 -> ByteBuffer.allocate(16).putLong(high).putLong(low).array();
        };
    }

    public boolean isIpv6() {
        return family == AddressFamily.IPV6;
    }

    /** {@code 0.0.0.0} or {@code ::}: every address of a host. */
    public boolean isAny() {
        return high == 0 && low == 0;
    }

    /** Where a host speaks to itself. */
    public boolean isLoopback() {
        return isIpv6() ? high == 0 && low == 1 : low >>> 24 == 127;
    }

    /** The address so many behind this one. */
    IpAddress plus(int n) {
        var sum = low + n;
        return family == AddressFamily.IPV4
                ? new IpAddress(family, 0, sum & 0xffff_ffffL)
                : new IpAddress(family, Long.compareUnsigned(sum, low) < 0 ? high + 1 : high, sum);
    }

    @Override
    public int compareTo(IpAddress other) {
        var byFamily = family.compareTo(other.family);
        var byHigh = byFamily != 0 ? byFamily : Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    /** The dotted form, or the short one of RFC 5952. */
    @JsonValue
    @Override
    public String toString() {
        return family == AddressFamily.IPV4 ? dotted() : colons();
    }

    /** With brackets where a port follows. */
    public String beforePort() {
        return isIpv6() ? "[" + this + "]" : toString();
    }

    private String dotted() {
        return (low >>> 24) + "." + ((low >> 16) & 255) + "." + ((low >> 8) & 255) + "." + (low & 255);
    }

    private int group(int index) {
        var half = index < GROUPS / 2 ? high : low;
        return (int) (half >>> (48 - 16 * (index % 4))) & 0xffff;
    }

    private String colons() {
        // The first of the longest runs of zeros, if there are two at least, becomes "::".
        var start = -1;
        var length = 1;
        for (var i = 0; i < GROUPS; i++) {
            var end = i;
            while (end < GROUPS && group(end) == 0) {
                end++;
            }
            if (end - i > length) {
                start = i;
                length = end - i;
            }
        }
        var text = new StringBuilder();
        for (var i = 0; i < GROUPS; i++) {
            if (i == start) {
                text.append("::");
                i += length - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":")
                        .append(Integer.toHexString(group(i)));
            }
        }
        return text.toString();
    }

    // As the JVM would make them, but it makes them when they are first called, which every look at a host would pay.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof IpAddress its && family == its.family && high == its.high && low == its.low;
    }

    @Override
    public int hashCode() {
        return 31 * (31 * family.hashCode() + Long.hashCode(high)) + Long.hashCode(low);
    }
}
