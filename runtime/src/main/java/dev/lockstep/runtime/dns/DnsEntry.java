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
    private static final char DELETE = 0x7f;

    public DnsEntry {
        ipv4 = List.copyOf(ipv4);
        ipv6 = List.copyOf(ipv6);
        names = List.copyOf(names);
        servers = List.copyOf(servers);
        for (var word : names) {
            if (!isName(word)) {
                throw new IllegalArgumentException("\"" + word + "\" cannot be a DNS name");
            }
        }
    }

    /** Whether it can be one of the names: it is not empty, and has no blank, comma or control character. */
    public static boolean isName(String word) {
        // Not by a pattern, which a cold command would have to load.
        return !word.isEmpty() && word.chars().noneMatch(c -> c <= ' ' || c == ',' || c == DELETE);
    }

    /** Its line in a {@link DnsZone}. */
    String line() {
        return container + " " + String.join(",", ipv4) + " " + String.join(",", ipv6) + " " + String.join(",", names)
                + (servers.isEmpty() ? "" : " " + String.join(",", servers));
    }
}
