package dev.lockstep.runtime.network;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * A range of IPv4 addresses with a common prefix (RFC 4632).
 *
 * @param base the first address; all bits behind the prefix are zero
 * @param prefix how many bits are common, 0 to 32
 */
public record Cidr(Ipv4 base, int prefix) implements Comparable<Cidr> {
    public Cidr {
        if (prefix < 0 || prefix > 32) {
            throw new IllegalArgumentException("prefix /" + prefix + " is out of range");
        }
        if ((base.bits() & ~mask(prefix)) != 0) {
            throw new IllegalArgumentException(base + "/" + prefix + " has bits set behind its prefix; meant is "
                    + new Ipv4(base.bits() & mask(prefix)) + "/" + prefix);
        }
    }

    /**
     * Reads {@code 172.30.0.0/16}.
     *
     * @throws IllegalArgumentException for anything else
     */
    @JsonCreator
    public static Cidr parse(String text) {
        var slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("\\d{1,2}")) {
            throw new IllegalArgumentException("\"" + text + "\" is not an IPv4 subnet such as 172.30.0.0/16");
        }
        return new Cidr(Ipv4.parse(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
    }

    /** The range of that size around an address. */
    static Cidr around(Ipv4 address, int prefix) {
        return new Cidr(new Ipv4(address.bits() & mask(prefix)), prefix);
    }

    public boolean contains(Ipv4 address) {
        return (address.bits() & mask(prefix)) == base.bits();
    }

    /** True when every address of the other range is in this one. */
    public boolean contains(Cidr other) {
        return other.prefix >= prefix && contains(other.base);
    }

    public boolean overlaps(Cidr other) {
        return contains(other) || other.contains(this);
    }

    /** The nth address; 0 is the network's own. */
    Ipv4 host(int n) {
        return base.plus(n);
    }

    /** The first address that a host can have: the default gateway. */
    public Ipv4 first() {
        return base.plus(1);
    }

    /** The last address of the range: where broadcasts go. */
    public Ipv4 broadcast() {
        return new Ipv4(base.bits() | ~mask(prefix));
    }

    /** How many addresses there are, network and broadcast included. */
    public long size() {
        return 1L << (32 - prefix);
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

    private static int mask(int prefix) {
        return prefix == 0 ? 0 : -1 << (32 - prefix);
    }
}
