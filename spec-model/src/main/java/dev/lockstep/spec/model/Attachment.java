package dev.lockstep.spec.model;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a service joins one network.
 *
 * @param aliases further names there, besides the service's own
 * @param ipv4Address a fixed address
 * @param ipv6Address a fixed address
 * @param linkLocalAddresses further addresses that hold on the link only
 * @param driverOptions for the network's driver
 * @param priority the network with the highest is joined first; 0 unless set
 * @param gatewayPriority the network with the highest is the way out; 0 unless set
 * @param interfaceName what the interface is called in the container
 */
public record Attachment(
        List<String> aliases,
        Optional<Written<Inet4Address>> ipv4Address,
        Optional<Written<Inet6Address>> ipv6Address,
        List<Written<InetAddress>> linkLocalAddresses,
        Optional<Written<MacAddress>> macAddress,
        Map<String, String> driverOptions,
        int priority,
        int gatewayPriority,
        Optional<String> interfaceName) {
    /** Nothing said but the network's name. */
    public static final Attachment PLAIN = new Attachment(
            List.of(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            Map.of(),
            0,
            0,
            Optional.empty());

    public Attachment {
        aliases = List.copyOf(aliases);
        linkLocalAddresses = List.copyOf(linkLocalAddresses);
        driverOptions = Copies.ordered(driverOptions);
    }

    /** The fixed IPv4 address, if there is one and it is one. */
    public Optional<Inet4Address> fixedIpv4() {
        return ipv4Address.flatMap(Written::value);
    }
}
