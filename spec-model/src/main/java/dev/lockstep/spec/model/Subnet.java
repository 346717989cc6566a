package dev.lockstep.spec.model;

import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;

/**
 * One entry of {@code ipam.config}.
 *
 * @param subnet empty only when the entry names no subnet, which the engine then chooses
 * @param range the part of the subnet that containers get addresses from
 * @param auxiliary addresses of others, which no container gets, by a name for people
 */
public record Subnet(
        Optional<Written<Cidr>> subnet,
        Optional<Written<InetAddress>> gateway,
        Optional<Written<Cidr>> range,
        Map<String, Written<InetAddress>> auxiliary) {
    public Subnet {
        auxiliary = Copies.ordered(auxiliary);
    }

    /** The subnet, if there is one and it is one. */
    public Optional<Cidr> cidr() {
        return subnet.flatMap(Written::value);
    }

    /** The gateway, if there is one and it is one. */
    public Optional<InetAddress> gatewayAddress() {
        return gateway.flatMap(Written::value);
    }

    /** The range, if there is one and it is one. */
    public Optional<Cidr> rangeCidr() {
        return range.flatMap(Written::value);
    }
}
