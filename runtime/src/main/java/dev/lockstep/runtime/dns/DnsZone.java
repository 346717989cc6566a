package dev.lockstep.runtime.dns;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One network's names, as aardvark-dns reads them: the first line has the addresses to listen on, then a line per
 * container: {@code ID IPV4 IPV6 NAMES [SERVERS]}, lists joined by commas, an empty list an empty word. (aardvark-dns,
 * {@code src/config/mod.rs}.)
 *
 * @param network name of the network
 * @param gateways addresses of the bridge, where questions arrive
 * @param internal other names are never asked for outside: the answer is NXDOMAIN at once
 * @param entries sorted by container
 */
public record DnsZone(String network, List<String> gateways, boolean internal, List<DnsEntry> entries) {
    public DnsZone {
        gateways = List.copyOf(gateways);
        entries = entries.stream()
                .sorted(Comparator.comparing(DnsEntry::container))
                .toList();
    }

    /** The name of the zone's file. */
    String fileName() {
        return network + (internal ? "%int" : "");
    }

    /** The zone with the container's entry added or replaced. */
    DnsZone with(DnsEntry entry) {
        var changed = new ArrayList<>(without(entry.container()).entries);
        changed.add(entry);
        return new DnsZone(network, gateways, internal, changed);
    }

    /** The zone without the container. */
    DnsZone without(String container) {
        return new DnsZone(
                network,
                gateways,
                internal,
                entries.stream().filter(e -> !e.container().equals(container)).toList());
    }

    /** Content of the zone's file. */
    byte[] content() {
        return entries.stream()
                .map(e -> e.container() + " " + String.join(",", e.ipv4()) + " " + String.join(",", e.ipv6()) + " "
                        + String.join(",", e.names())
                        + (e.servers().isEmpty() ? "" : " " + String.join(",", e.servers())))
                .collect(Collectors.joining("\n", String.join(",", gateways) + "\n", entries.isEmpty() ? "" : "\n"))
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Reads what {@link #content} wrote. */
    static DnsZone parse(String fileName, String content) {
        var lines = content.lines().toList();
        var internal = fileName.endsWith("%int");
        var entries = new ArrayList<DnsEntry>();
        for (var line : lines.subList(Math.min(1, lines.size()), lines.size())) {
            var words = line.split(" ", -1);
            if (words.length >= 4) {
                entries.add(new DnsEntry(
                        words[0],
                        list(words[1]),
                        list(words[2]),
                        list(words[3]),
                        words.length > 4 ? list(words[4]) : List.of()));
            }
        }
        return new DnsZone(
                internal ? fileName.substring(0, fileName.length() - 4) : fileName,
                lines.isEmpty() ? List.of() : list(lines.getFirst().split(" ", 2)[0]),
                internal,
                entries);
    }

    private static List<String> list(String word) {
        return word.isEmpty() ? List.of() : List.of(word.split(","));
    }
}
