package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What somebody else's words may make this host connect to: not itself, and not what answers it alone because of where
 * it stands, such as its cloud's metadata.
 */
public final class OutsideAddresses implements OutsideGate.Judge {
    /** Where clouds keep metadata at addresses that are not link-local: AWS, Alibaba, Azure, Google, Scaleway. */
    private static final Set<InetAddress> METADATA = Stream.of(
                    "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "fd20:ce::254", "fd00:42::42")
            .map(InetAddress::ofLiteral)
            .collect(Collectors.toUnmodifiableSet());

    private static final Pattern HOST = Pattern.compile("(?<host>\\[[^]]*]|[^:]*)(:(?<port>[0-9]{1,5}))?");
    /** 64:ff9b::/96, behind which stands an IPv4 address (RFC 6052). */
    private static final byte[] NAT64 = {0, 0x64, (byte) 0xff, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

    private final Set<String> named;
    private final OwnBridges bridges;

    private OutsideAddresses(Set<String> named, OwnBridges bridges) {
        this.named = Set.copyOf(named);
        this.bridges = bridges;
    }

    /**
     * Whatever is outside, and what the host's owner has named, wherever it is.
     *
     * @param registries each {@code HOST[:PORT]}; of one without a port those of http and https
     */
    public static OutsideAddresses and(Collection<String> registries) {
        return and(registries, new OwnBridges(OwnBridges.SYSTEM));
    }

    static OutsideAddresses and(Collection<String> registries, OwnBridges bridges) {
        var named = new HashSet<String>();
        for (var registry : registries) {
            var matcher = HOST.matcher(RegistryHosts.address(registry));
            if (matcher.matches()) {
                var host = matcher.group("host").replaceAll("[\\[\\]]", "").toLowerCase(Locale.ROOT);
                var port = Optional.ofNullable(matcher.group("port"));
                port.map(List::of).orElse(List.of("80", "443")).forEach(one -> named.add(host + " " + one));
            }
        }
        return new OutsideAddresses(named, bridges);
    }

    @Override
    public Optional<String> refusal(String host, int port, InetAddress address) throws IOException {
        if (named.contains(host + " " + port)) {
            return Optional.empty();
        }
        var what = refusal(address)
                .or(() -> bridges.have(address)
                        ? Optional.of("an address of a container or of a virtual machine of this host")
                        : Optional.empty());
        var written = (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        return what.map(text -> text + "; an entry for " + written + " under registries in its settings allows it");
    }

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
        if (address.isLinkLocalAddress()) {
            return Optional.of("a link-local address, where a cloud keeps what it tells this host alone");
        }
        if (METADATA.contains(address)) {
            return Optional.of("an address where a cloud keeps what it tells this host alone");
        }
        if (address.isMulticastAddress() || bytes.length == 4 && (bytes[0] & 0xf0) == 0xf0) {
            return Optional.of("no address of one host");
        }
        return Optional.empty();
    }
}
