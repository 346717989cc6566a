package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.EndpointOptions;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.spec.model.Addresses;
import dev.lockstep.spec.model.Attachment;
import dev.lockstep.spec.model.Link;
import dev.lockstep.spec.model.MacAddress;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Written;
import java.net.Inet6Address;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** How services are on networks, in the engine's words. */
final class ServiceNetworks {
    private final Project project;

    /** Who has a hardware address on a network. */
    private final Map<String, String> macs = new HashMap<>();

    ServiceNetworks(Project project) {
        this.project = project;
    }

    /**
     * The networks of a service's containers.
     *
     * @param bridge name of the network that it is on for want of others; absent when its own are named
     */
    List<AttachmentSpec> of(Service service, Optional<String> bridge, Options.Problems problems) {
        var macs = macs(service, bridge, problems);
        var attachments = new ArrayList<AttachmentSpec>();
        bridge.ifPresent(name -> attachments.add(new AttachmentSpec(
                name,
                List.of(),
                List.of(),
                0,
                options(service, "", Attachment.PLAIN, Optional.ofNullable(macs.get("")), problems))));
        service.networking().networks().forEach((key, attachment) -> {
            var network = project.networks().get(key);
            if (network != null) {
                attachments.add(new AttachmentSpec(
                        network.name(),
                        // A variable without a value: the checks warn of it, and as with Docker it names nothing.
                        attachment.aliases().stream()
                                .filter(alias -> !alias.isEmpty())
                                .toList(),
                        Stream.concat(
                                        attachment.fixedIpv4().stream(),
                                        attachment.ipv6Address().flatMap(Written::value).stream())
                                .map(IpAddress::of)
                                .toList(),
                        attachment.priority(),
                        options(service, key, attachment, Optional.ofNullable(macs.get(key)), problems)));
            }
        });
        return attachments;
    }

    private EndpointOptions options(
            Service service, String key, Attachment attachment, Optional<String> mac, Options.Problems problems) {
        var path = "networks." + key;
        try {
            return new EndpointOptions(
                            mac,
                            attachment.gatewayPriority(),
                            attachment.interfaceName(),
                            linkLocal(path, attachment, problems),
                            Map.of(),
                            links(service, key, problems),
                            false)
                    .with(attachment.driverOptions());
        } catch (IllegalArgumentException e) {
            problems.add(path, e);
            return EndpointOptions.NONE;
        }
    }

    private static List<String> linkLocal(String path, Attachment attachment, Options.Problems problems) {
        var addresses = new ArrayList<String>();
        for (var written : attachment.linkLocalAddresses()) {
            written.value().ifPresent(address -> {
                if (address instanceof Inet6Address) {
                    problems.add(
                            path + ".link_local_ips",
                            new IllegalArgumentException(Addresses.text(address)
                                    + ": the kernel gives every interface its link-local IPv6 address by itself; write"
                                    + " IPv4 addresses of 169.254.0.0/16"));
                } else {
                    addresses.add(address.getHostAddress());
                }
            });
        }
        return addresses;
    }

    /** Hardware addresses by the network's key; that of the service is for its first network, as Compose has it. */
    private Map<String, String> macs(Service service, Optional<String> bridge, Options.Problems problems) {
        var wanted = new LinkedHashMap<String, String>();
        var networks = service.networking().networks();
        networks.forEach((key, attachment) -> attachment
                .macAddress()
                .flatMap(Written::value)
                .map(MacAddress::text)
                .ifPresent(mac -> wanted.put(key, mac)));
        service.networking()
                .macAddress()
                .flatMap(Written::value)
                .map(MacAddress::text)
                .ifPresent(mac -> {
                    if (bridge.isPresent()) {
                        wanted.put("", mac);
                    } else if (networks.isEmpty()) {
                        problems.add(
                                "mac_address",
                                new IllegalArgumentException(
                                        "a container without a network of its own has no hardware address."
                                                + " Remove it"));
                    } else {
                        networks.entrySet().stream()
                                .min(Comparator.comparingInt((Map.Entry<String, Attachment> n) ->
                                                -n.getValue().priority())
                                        .thenComparing(Map.Entry::getKey))
                                .ifPresent(first -> wanted.putIfAbsent(first.getKey(), mac));
                    }
                });
        wanted.forEach((key, mac) -> unique(service, key, mac, problems));
        return wanted;
    }

    private void unique(Service service, String key, String mac, Options.Problems problems) {
        var path = service.networking()
                        .networks()
                        .getOrDefault(key, Attachment.PLAIN)
                        .macAddress()
                        .isPresent()
                ? "networks." + key + ".mac_address"
                : "mac_address";
        if (service.replicas() > 1) {
            problems.add(
                    path,
                    new IllegalArgumentException(
                            service.replicas() + " containers cannot share the hardware address " + mac));
        }
        var other = macs.putIfAbsent(key + " " + mac, service.name());
        if (other != null && !other.equals(service.name())) {
            problems.add(
                    path,
                    new IllegalArgumentException(
                            mac + " is already the hardware address of service " + other + " on the same network"));
        }
    }

    /** Those that can be reached on that network. */
    private List<EndpointOptions.Link> links(Service service, String key, Options.Problems problems) {
        var networking = service.networking();
        var links = new ArrayList<EndpointOptions.Link>();
        for (var i = 0; i < networking.links().size(); i++) {
            var link = networking.links().get(i);
            var target = project.services().get(link.target());
            if (target == null) {
                continue; // which the checks are about
            }
            var shared = networking.networks().keySet().stream()
                    .filter(target.networking().networks()::containsKey)
                    .toList();
            if (shared.isEmpty() && !key.isEmpty()) {
                problems.add(
                        "links[" + i + "]",
                        new IllegalArgumentException("service " + link.target() + " is on none of this service's"
                                + " networks, so it cannot be reached. Put both on one"));
            }
            if (shared.contains(key) || key.isEmpty()) {
                add(links, link);
            }
        }
        networking.externalLinks().forEach(link -> add(links, link));
        return links;
    }

    /** What is called by its own name is found by it already. */
    private static void add(List<EndpointOptions.Link> links, Link link) {
        link.alias()
                .filter(alias -> !alias.isEmpty() && !alias.equals(link.target()))
                .ifPresent(alias -> links.add(new EndpointOptions.Link(link.target(), alias)));
    }

    /** The driver of a network, as the engine calls it. */
    static String driver(Network network) {
        return network.driver().filter(driver -> !driver.isEmpty()).orElse("bridge");
    }
}
