package dev.lockstep.runtime.network;

import java.nio.file.Path;
import java.util.List;

/**
 * What the host's owner decides about networks.
 *
 * @param pool where subnets come from that nobody asked for
 * @param prefix size of such a subnet
 * @param foreignFirewall whether our bridges may be let through other firewalls
 * @param machineLock file that all roots of this machine lock while they choose a subnet: they share its routes. It is
 *     there only meanwhile
 * @param systemBus where the message bus listens, for firewalld
 * @param machineId the host's machine-id(5), which its own range of private IPv6 addresses is derived from
 * @param hostResolvConf the host's resolv.conf(5): its servers are never inside a subnet of ours, and answer for us
 */
public record NetworkSettings(
        List<Cidr> pool,
        int prefix,
        ForeignFirewall foreignFirewall,
        Path machineLock,
        Path systemBus,
        Path machineId,
        Path hostResolvConf) {
    public NetworkSettings {
        pool = List.copyOf(pool);
        if (pool.isEmpty()
                || prefix < 16
                || prefix > 29
                || pool.stream().anyMatch(c -> c.family() != AddressFamily.IPV4 || c.prefix() > prefix)) {
            throw new IllegalArgumentException(
                    "subnets of the IPv4 pool have a prefix from /16 to /29 and fit into each range of it");
        }
    }

    /** What to do where another firewall would drop the traffic of our bridges. */
    public enum ForeignFirewall {
        /** Use that firewall's own extension point, with a mark, where it has one. */
        OPEN,
        /** Change nothing; only say so. */
        LEAVE
    }

    /**
     * The defaults. The pool is the upper part of the range that Docker takes its networks from: Docker begins at the
     * lower end, so both can grow. The lock is not in /run/lock, where anybody may make files and hold locks.
     */
    public static NetworkSettings defaults() {
        return new NetworkSettings(
                List.of(Cidr.parse("172.28.0.0/14"), Cidr.parse("10.201.0.0/16")),
                24,
                ForeignFirewall.OPEN,
                Path.of("/run/lockstep-subnets.lock"),
                Path.of("/run/dbus/system_bus_socket"),
                Path.of("/etc/machine-id"),
                Path.of("/etc/resolv.conf"));
    }
}
