package dev.lockstep.runtime.container;

import dev.lockstep.runtime.dns.ResolvConf;
import java.net.InetAddress;
import java.util.List;

/**
 * Whom a container asks for names that are no containers', and how.
 *
 * @param servers IP addresses; none: the host's
 * @param search domains that are tried behind a name without a dot; none: the host's; {@code .} alone: none at all
 * @param options of resolv.conf(5), over what is usual
 */
public record Resolver(List<String> servers, List<String> search, List<String> options) {
    /** As every container. */
    public static final Resolver NONE = new Resolver(List.of(), List.of(), List.of());

    public Resolver {
        servers = List.copyOf(servers);
        search = List.copyOf(search);
        options = List.copyOf(options);
        // A word that is no address would keep the name server from reading the rest of its file.
        servers.forEach(InetAddress::ofLiteral);
    }

    /** What a container on networks reads: it asks their gateways, and they ask the servers. */
    String onNetworks(List<String> gateways, String host) {
        return ResolvConf.ofContainer(gateways, ResolvConf.parse(host).with(List.of(), search, List.of()))
                .with(List.of(), List.of(), options)
                .text();
    }

    /** What a container reads that is on no network: the host's file, or what is asked for instead. */
    String elsewhere(String host) {
        return equals(NONE)
                ? host
                : ResolvConf.parse(host).with(servers, search, options).text();
    }
}
