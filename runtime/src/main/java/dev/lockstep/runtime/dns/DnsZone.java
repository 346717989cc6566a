package dev.lockstep.runtime.dns;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One network's names, as aardvark-dns reads them: the first line has the addresses to listen on, then a line per
 * container: {@code ID IPV4 IPV6 NAMES [SERVERS]}, lists joined by commas, an empty list an empty word. (aardvark-dns,
 * {@code src/config/mod.rs}.)
 *
 * <p>Lines stay text: a zone is read and written for each container that comes, with all that are there, and of those
 * nothing but the id matters.
 *
 * @param network name of the network
 * @param gateways addresses of the bridge, where questions arrive
 * @param internal other names are never asked for outside: the answer is NXDOMAIN at once
 * @param lines one of each container, sorted
 */
public record DnsZone(String network, List<String> gateways, boolean internal, List<String> lines) {
    public DnsZone {
        gateways = List.copyOf(gateways);
        lines = lines.stream().sorted().toList();
    }

    /** A zone of these containers. */
    public static DnsZone of(String network, List<String> gateways, boolean internal, List<DnsEntry> entries) {
        return new DnsZone(
                network,
                gateways,
                internal,
                entries.stream().map(DnsEntry::line).toList());
    }

    /** The name of the zone's file. */
    String fileName() {
        return network + (internal ? "%int" : "");
    }

    /** The zone with the container's entry added or replaced. */
    DnsZone with(DnsEntry entry) {
        var changed = new ArrayList<>(without(entry.container()).lines);
        changed.add(entry.line());
        return new DnsZone(network, gateways, internal, changed);
    }

    /** The zone without the container. */
    DnsZone without(String container) {
        var changed = new ArrayList<>(lines);
        changed.removeIf(line -> line.startsWith(container + " "));
        return new DnsZone(network, gateways, internal, changed);
    }

    /** Content of the zone's file. */
    byte[] content() {
        return (String.join(",", gateways) + "\n" + String.join("\n", lines) + (lines.isEmpty() ? "" : "\n"))
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Reads what {@link #content} wrote; lines that are none are left out. */
    static DnsZone parse(String fileName, String content) {
        var all = content.lines().toList();
        var internal = fileName.endsWith("%int");
        return new DnsZone(
                internal ? fileName.substring(0, fileName.length() - 4) : fileName,
                all.isEmpty() ? List.of() : list(all.getFirst().split(" ", 2)[0]),
                internal,
                all.stream().skip(1).filter(DnsZone::isEntry).toList());
    }

    /** Whether aardvark-dns would take it for one. */
    private static boolean isEntry(String line) {
        var at = -1;
        for (var blank = 0; blank < 3; blank++) {
            at = line.indexOf(' ', at + 1);
            if (at < 0) {
                return false;
            }
        }
        return true;
    }

    private static List<String> list(String word) {
        return word.isEmpty() ? List.of() : List.of(word.split(","));
    }
}
