package dev.lockstep.spec.model;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * An address range such as {@code 172.28.0.0/16}. Bits behind the prefix may be set, as Compose allows them.
 *
 * @param address IPv4 or IPv6
 * @param prefix number of leading bits that all addresses of the range share
 */
public record Cidr(InetAddress address, int prefix) {
    private static final Pattern PREFIX = Pattern.compile("\\d{1,3}");

    public Cidr {
        if (prefix < 0 || prefix > address.getAddress().length * 8) {
            throw new IllegalArgumentException("prefix /" + prefix + " is out of range");
        }
    }

    /**
     * Reads {@code 172.28.0.0/16} or {@code fd00:1::/64}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Cidr parse(String text) {
        var slash = text.indexOf('/');
        var prefix = slash < 0 ? "" : text.substring(slash + 1);
        if (!PREFIX.matcher(prefix).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no address range. Write it as 172.28.0.0/16");
        }
        return new Cidr(Addresses.parse(text.substring(0, slash)), Integer.parseInt(prefix));
    }

    /** The address of the range itself: nothing behind the prefix. */
    public InetAddress base() {
        return filled(0);
    }

    /** The address with all bits behind the prefix set: in IPv4 where broadcasts go. */
    public InetAddress last() {
        return filled(0xff);
    }

    /** The first address that a host can have; the {@link #base} again where there is none. */
    public InetAddress first() {
        var bytes = base().getAddress();
        if (prefix < bytes.length * 8) {
            bytes[bytes.length - 1] = (byte) (bytes[bytes.length - 1] | 1);
        }
        return address(bytes);
    }

    private InetAddress filled(int with) {
        var bytes = address.getAddress();
        for (var at = 0; at < bytes.length; at++) {
            var kept = Math.clamp(prefix - at * 8L, 0, 8);
            var behind = 0xff >> kept;
            bytes[at] = (byte) (bytes[at] & ~behind | with & behind);
        }
        return address(bytes);
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
        }
    }

    /** True if {@code other} is of the same family and lies inside. */
    public boolean contains(InetAddress other) {
        var mine = address.getAddress();
        var theirs = other.getAddress();
        if (mine.length != theirs.length) {
            return false;
        }
        for (var bit = 0; bit < prefix; bit++) {
            var mask = 0x80 >> (bit % 8);
            if ((mine[bit / 8] & mask) != (theirs[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }

    /** True if every address of {@code other} lies inside. */
    public boolean contains(Cidr other) {
        return other.prefix >= prefix && contains(other.address);
    }

    /** True if some address is in both. */
    public boolean overlaps(Cidr other) {
        return contains(other) || other.contains(this);
    }

    @Override
    public String toString() {
        return Addresses.text(address) + "/" + prefix;
    }
}
