package dev.lockstep.spec.model;

import java.net.InetAddress;
import java.util.Optional;

/**
 * One entry of {@code ipam.config}.
 *
 * @param subnet empty only when the entry names no subnet, which the engine then chooses
 * @param range the part of the subnet that containers get addresses from
 */
public record Subnet(Optional<Cidr> subnet, Optional<InetAddress> gateway, Optional<Cidr> range) {}
