package dev.lockstep.runtime.dns;

import java.util.List;

/**
 * A container as one network knows it.
 *
 * @param container its id
 * @param ipv4 its IPv4 addresses there
 * @param ipv6 its IPv6 addresses there
 * @param names what it is called there; case does not matter
 * @param servers who is asked for other names, instead of the network's or the host's servers
 */
public record DnsEntry(
        String container, List<String> ipv4, List<String> ipv6, List<String> names, List<String> servers) {
    private static final String SEPARATORS = ", \t\n\u000B\f\r";

    public DnsEntry {
        ipv4 = List.copyOf(ipv4);
        ipv6 = List.copyOf(ipv6);
        names = List.copyOf(names);
        servers = List.copyOf(servers);
        for (var word : names) {
            // Not by a pattern, which a cold command would have to load.
            if (word.isEmpty() || word.chars().anyMatch(c -> SEPARATORS.indexOf(c) >= 0)) {
                throw new IllegalArgumentException("\"" + word + "\" cannot be a DNS name");
            }
        }
    }

    /** Its line in a {@link DnsZone}. */
    String line() {
        return container + " " + String.join(",", ipv4) + " " + String.join(",", ipv6) + " " + String.join(",", names)
                + (servers.isEmpty() ? "" : " " + String.join(",", servers));
    }
}
