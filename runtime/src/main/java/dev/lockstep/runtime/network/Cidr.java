package dev.lockstep.runtime.network;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A range of addresses with a common prefix (RFC 4632, RFC 4291). Ranges of different families have nothing in common.
 *
 * @param base the first address; all bits behind the prefix are zero
 * @param prefix how many bits are common, 0 to 32 or 128
 */
public record Cidr(IpAddress base, int prefix) implements Comparable<Cidr> {
    public Cidr {
        if (prefix < 0 || prefix > base.family().bits()) {
            throw new IllegalArgumentException("prefix /" + prefix + " is out of range");
        }
        var meant = masked(base, prefix);
        if (!meant.equals(base)) {
            throw new IllegalArgumentException(
                    base + "/" + prefix + " has bits set behind its prefix; meant is " + meant + "/" + prefix);
        }
    }

    /**
     * Reads {@code 172.30.0.0/16} or {@code fd00:1::/64}.
     *
     * @throws IllegalArgumentException for anything else
     */
    @JsonCreator
    public static Cidr parse(String text) {
        var slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("\\d{1,3}")) {
            throw new IllegalArgumentException("\"" + text + "\" is not a subnet such as 172.30.0.0/16");
        }
        return new Cidr(IpAddress.parse(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
    }

    /** The range of that size around an address. */
    static Cidr around(IpAddress address, int prefix) {
        return new Cidr(masked(address, prefix), prefix);
    }

    public AddressFamily family() {
        return base.family();
    }

    public boolean contains(IpAddress address) {
        return address.family() == family() && masked(address, prefix).equals(base);
    }

    /** True when every address of the other range is in this one. */
    public boolean contains(Cidr other) {
        return other.prefix >= prefix && contains(other.base);
    }

    public boolean overlaps(Cidr other) {
        return contains(other) || other.contains(this);
    }

    /** The first address that a host can have: the default gateway. */
    public IpAddress first() {
        return base.plus(1);
    }

    /** The last address of the range; with IPv4 where broadcasts go. */
    public IpAddress last() {
        return switch (family()) {
            case IPV4 -> new IpAddress(family(), 0, base.low() | (0xffff_ffffL & ~low(prefix + 96)));
            case IPV6 -> new IpAddress(family(), base.high() | ~high(prefix), base.low() | ~low(prefix));
        };
    }

    /** Whether a host can have the address: not the range itself, nor where broadcasts go. */
    boolean isHost(IpAddress address) {
        return contains(address) && !address.equals(base) && (address.isIpv6() || !address.equals(last()));
    }

    @Override
    public int compareTo(Cidr other) {
        var byBase = base.compareTo(other.base);
        return byBase != 0 ? byBase : Integer.compare(prefix, other.prefix);
    }

    @JsonValue
    @Override
    public String toString() {
        return base + "/" + prefix;
    }

    private static IpAddress masked(IpAddress address, int prefix) {
        return switch (address.family()) {
            case IPV4 -> new IpAddress(address.family(), 0, address.low() & low(prefix + 96));
            case IPV6 -> new IpAddress(address.family(), address.high() & high(prefix), address.low() & low(prefix));
        };
    }

    /** The upper half of a mask of 128 bits. */
    private static long high(int ones) {
        return ones >= 64 ? -1 : ones == 0 ? 0 : -1L << (64 - ones);
    }

    /** The lower half of a mask of 128 bits. */
    private static long low(int ones) {
        return ones >= 128 ? -1 : ones <= 64 ? 0 : -1L << (128 - ones);
    }
}
