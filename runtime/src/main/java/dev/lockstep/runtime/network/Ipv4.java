package dev.lockstep.runtime.network;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;

/**
 * An IPv4 address, ordered as a number.
 *
 * @param bits the address in host order; read it as unsigned
 */
public record Ipv4(int bits) implements Comparable<Ipv4> {
    private static final Pattern DOTTED = Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})");

    /**
     * Reads the dotted form.
     *
     * @throws IllegalArgumentException for anything else
     */
    @JsonCreator
    public static Ipv4 parse(String text) {
        var matcher = DOTTED.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not an IPv4 address");
        }
        var bits = 0;
        for (var i = 1; i <= 4; i++) {
            var number = matcher.group(i);
            var octet = Integer.parseInt(number);
            // inet_aton(3) reads a leading zero as octal, others do not: nobody can mean it
            if (octet > 255 || (number.length() > 1 && number.startsWith("0"))) {
                throw new IllegalArgumentException("\"" + text + "\" is not an IPv4 address");
            }
            bits = (bits << 8) | octet;
        }
        return new Ipv4(bits);
    }

    static Ipv4 of(Inet4Address address) {
        return of(address.getAddress());
    }

    static Ipv4 of(byte[] network) {
        return new Ipv4(ByteBuffer.wrap(network).getInt(0));
    }

    /** The four bytes in network order. */
    public byte[] bytes() {
        return new byte[] {(byte) (bits >> 24), (byte) (bits >> 16), (byte) (bits >> 8), (byte) bits};
    }

    Ipv4 plus(int n) {
        return new Ipv4(bits + n);
    }

    @Override
    public int compareTo(Ipv4 other) {
        return Integer.compareUnsigned(bits, other.bits);
    }

    /** The dotted form. */
    @JsonValue
    @Override
    public String toString() {
        return (bits >>> 24) + "." + ((bits >> 16) & 255) + "." + ((bits >> 8) & 255) + "." + (bits & 255);
    }
}
