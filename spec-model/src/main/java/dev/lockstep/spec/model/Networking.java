package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a service is reached and what it reaches.
 *
 * @param networks by the network's key, in file order; empty exactly when {@code mode} is set or a provider stands in
 *     for containers
 * @param mode what stands in the place of networks
 * @param ports published on the host
 * @param expose ports that the service says it listens on, as written; they change nothing
 * @param dns name servers
 * @param dnsSearch domains that are tried behind a name without a dot
 * @param dnsOptions options of resolv.conf(5)
 * @param extraHosts lines of the container's hosts file
 * @param links services under further names
 * @param externalLinks containers of others under further names
 */
public record Networking(
        Map<String, Attachment> networks,
        Optional<Written<NetworkMode>> mode,
        List<Port> ports,
        List<String> expose,
        List<String> dns,
        List<String> dnsSearch,
        List<String> dnsOptions,
        List<ExtraHost> extraHosts,
        List<Link> links,
        List<Link> externalLinks,
        Optional<Written<MacAddress>> macAddress) {
    public Networking {
        networks = Copies.ordered(networks);
        ports = List.copyOf(ports);
        expose = List.copyOf(expose);
        dns = List.copyOf(dns);
        dnsSearch = List.copyOf(dnsSearch);
        dnsOptions = List.copyOf(dnsOptions);
        extraHosts = List.copyOf(extraHosts);
        links = List.copyOf(links);
        externalLinks = List.copyOf(externalLinks);
    }
}
