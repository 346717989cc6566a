package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.Arrays;
import java.util.Optional;

/**
 * What somebody else's words may make this host connect to: not itself, and not what answers it alone because of where
 * it stands, such as its cloud's metadata.
 */
public final class OutsideAddresses {
    /** A cloud's metadata by IPv6 (AWS), which is not link-local. */
    private static final InetAddress METADATA = InetAddress.ofLiteral("fd00:ec2::254");
    /** 64:ff9b::/96, behind which stands an IPv4 address (RFC 6052). */
    private static final byte[] NAT64 = {0, 0x64, (byte) 0xff, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

    private OutsideAddresses() {}

    /** What the address is, where it is refused: {@code an address of this host}. */
    public static Optional<String> refusal(InetAddress address) throws IOException {
        var bytes = address.getAddress();
        if (bytes.length == 16 && Arrays.equals(bytes, 0, NAT64.length, NAT64, 0, NAT64.length)) {
            return refusal(InetAddress.getByAddress(Arrays.copyOfRange(bytes, NAT64.length, bytes.length)));
        }
        if (address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null) {
            return Optional.of("an address of this host");
        }
        if (address.isAnyLocalAddress() || bytes.length == 4 && bytes[0] == 0) {
            return Optional.of("no address of a host");
        }
        if (address.isLinkLocalAddress() || address.equals(METADATA)) {
            return Optional.of("a link-local address, where a cloud keeps what it tells this host alone");
        }
        if (address.isMulticastAddress() || bytes.length == 4 && (bytes[0] & 0xf0) == 0xf0) {
            return Optional.of("no address of one host");
        }
        return Optional.empty();
    }
}
