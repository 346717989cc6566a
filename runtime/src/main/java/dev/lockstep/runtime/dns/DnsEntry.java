package dev.lockstep.runtime.dns;

import java.util.List;

/**
 * A container as one network knows it.
 *
 * @param container its id
 * @param address its IPv4 address there
 * @param names what it is called there; case does not matter
 * @param servers who is asked for other names, instead of the network's or the host's servers
 */
public record DnsEntry(String container, String address, List<String> names, List<String> servers) {
    public DnsEntry {
        names = List.copyOf(names);
        servers = List.copyOf(servers);
        for (var word : names) {
            if (word.isEmpty() || word.matches(".*[\\s,].*")) {
                throw new IllegalArgumentException("\"" + word + "\" cannot be a DNS name");
            }
        }
    }
}
