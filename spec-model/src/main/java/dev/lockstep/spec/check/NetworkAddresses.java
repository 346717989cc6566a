package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Cidr;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Subnet;
import dev.lockstep.spec.model.Written;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Fixed addresses lie in the subnet they are written for, and no two things have one address. */
final class NetworkAddresses {
    private final Project project;
    private final Findings findings;

    private NetworkAddresses(Findings findings) {
        this.project = findings.project();
        this.findings = findings;
    }

    static void check(Findings findings) {
        var check = new NetworkAddresses(findings);
        check.subnetsOverlap();
        findings.project().networks().values().forEach(check::network);
    }

    private void error(String path, String message) {
        findings.error(path, message);
    }

    private void subnetsOverlap() {
        record Range(String path, Cidr cidr) {}
        var ranges = new ArrayList<Range>();
        for (var network : project.networks().values()) {
            for (var i = 0; i < network.subnets().size(); i++) {
                var path = path(network, i) + ".subnet";
                network.subnets().get(i).cidr().ifPresent(cidr -> {
                    ranges.stream()
                            .filter(r -> r.cidr.overlaps(cidr))
                            .findFirst()
                            .ifPresent(r -> {
                                error(
                                        path,
                                        cidr + " overlaps " + r.cidr + " of " + r.path + " ("
                                                + project.sources().at(r.path) + ")");
                            });
                    ranges.add(new Range(path, cidr));
                });
            }
        }
    }

    private static String path(Network network, int subnet) {
        return "networks." + network.key() + ".ipam.config[" + subnet + "]";
    }

    private void network(Network network) {
        Map<InetAddress, String> taken = new HashMap<>();
        for (var i = 0; i < network.subnets().size(); i++) {
            var subnet = network.subnets().get(i);
            var path = path(network, i);
            subnet(subnet, path);
            subnet.gatewayAddress().ifPresent(gateway -> taken.put(gateway, path + ".gateway"));
            subnet.auxiliary()
                    .forEach((name, written) -> written.value().ifPresent(address -> {
                        var where = path + ".aux_addresses." + name;
                        outside(where, address, subnet.cidr());
                        taken(where, address, taken);
                    }));
        }
        project.services().forEach((name, service) -> {
            var attachment = service.networking().networks().get(network.key());
            if (attachment == null) {
                return;
            }
            var path = "services." + name + ".networks." + network.key();
            attachment
                    .fixedIpv4()
                    .ifPresent(address -> address(network, path + ".ipv4_address", address, service.replicas(), taken));
            attachment
                    .ipv6Address()
                    .flatMap(Written::value)
                    .ifPresent(address -> address(network, path + ".ipv6_address", address, service.replicas(), taken));
        });
    }

    private void subnet(Subnet subnet, String path) {
        if (subnet.subnet().isEmpty()) {
            if (subnet.gateway().isPresent() || subnet.range().isPresent()) {
                error(path, "has a gateway or ip_range and no subnet that they could lie in");
            }
            return;
        }
        var cidr = subnet.cidr();
        if (cidr.isEmpty()) {
            return;
        }
        within(subnet, cidr.get(), path);
    }

    private void within(Subnet subnet, Cidr cidr, String path) {
        subnet.gatewayAddress().filter(gateway -> !cidr.contains(gateway)).ifPresent(gateway -> {
            error(path + ".gateway", Addresses.text(gateway) + " is outside of the subnet " + cidr);
        });
        subnet.rangeCidr().filter(range -> !cidr.contains(range)).ifPresent(range -> {
            error(path + ".ip_range", range + " is outside of the subnet " + cidr);
        });
    }

    private void address(
            Network network, String path, InetAddress address, int replicas, Map<InetAddress, String> taken) {
        var text = Addresses.text(address);
        if (replicas > 1) {
            error(path, replicas + " containers cannot share the address " + text);
        }
        var cidrs = network.subnets().stream()
                .map(Subnet::cidr)
                .flatMap(Optional::stream)
                .filter(cidr -> cidr.address().getClass() == address.getClass())
                .toList();
        if (!network.external() && cidrs.isEmpty()) {
            error(path, text + " needs a subnet. Write one below networks." + network.key() + ".ipam.config");
        } else if (!cidrs.isEmpty() && cidrs.stream().noneMatch(cidr -> cidr.contains(address))) {
            error(
                    path,
                    text + " is outside of the subnet "
                            + String.join(
                                    ", ", cidrs.stream().map(Cidr::toString).toList()) + " ("
                            + project.sources().at(path(network, 0) + ".subnet") + ")");
        }
        for (var i = 0; i < network.subnets().size(); i++) {
            nobodys(path, address, network.subnets().get(i), path(network, i));
        }
        taken(path, address, taken);
    }

    /**
     * Both ends of an IPv4 range and the first of an IPv6 one (RFC 4291, 2.6.1) are no host's; one is the gateway's.
     */
    private void nobodys(String path, InetAddress address, Subnet subnet, String where) {
        var cidr = subnet.cidr();
        if (cidr.isEmpty()) {
            return;
        }
        if (address.equals(cidr.get().base())
                || address instanceof Inet4Address && address.equals(cidr.get().last())) {
            error(path, Addresses.text(address) + " is no address of a host in " + cidr.get());
        } else if (subnet.gateway().isEmpty() && address.equals(cidr.get().first())) {
            error(
                    path,
                    Addresses.text(address) + " is the gateway of " + cidr.get() + " ("
                            + project.sources().at(where)
                            + "), since no other is written. Take another address, or write a gateway there");
        }
    }

    private void taken(String path, InetAddress address, Map<InetAddress, String> taken) {
        var other = taken.putIfAbsent(address, path);
        if (other != null) {
            error(path, Addresses.text(address) + " is already the address of " + findings.place(other));
        }
    }

    private void outside(String path, InetAddress address, Optional<Cidr> subnet) {
        subnet.filter(cidr -> !cidr.contains(address))
                .ifPresent(cidr -> error(path, Addresses.text(address) + " is outside of the subnet " + cidr));
    }
}
