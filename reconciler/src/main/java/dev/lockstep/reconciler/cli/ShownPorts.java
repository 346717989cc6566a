package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.PublishedPort;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Ports of a running container as Docker shows them: published ones, and others that its image exposes. */
final class ShownPorts {
    private static final Pattern EXPOSED = Pattern.compile("(\\d{1,5})(?:/(tcp|udp|sctp))?");

    /**
     * One of them.
     *
     * @param address of the host, empty for a port that is not published
     * @param published port of the host, 0 for one that is not published
     */
    record Port(String address, int published, int inside, String protocol) {
        static Port of(PublishedPort port) {
            return new Port(
                    port.address(),
                    port.hostPort().orElse(0),
                    port.containerPort(),
                    port.protocol().lowerCase());
        }

        /** Where it is found, {@code 0.0.0.0:8080} or {@code [::]:8080}; {@code :0} if it is not published. */
        String place() {
            return address + ":" + published;
        }

        /** The address as it is written alone. */
        String url() {
            return address.startsWith("[") ? address.substring(1, address.length() - 1) : address;
        }
    }

    private final List<Port> all;

    /**
     * The ports of one container.
     *
     * @param exposed as images have it, {@code 80/tcp}; what is no such port is passed over, since it comes from
     *     strangers
     */
    ShownPorts(List<PublishedPort> published, Collection<String> exposed) {
        var ports = new ArrayList<Port>();
        for (var port : published) {
            ports.add(Port.of(port));
        }
        for (var text : exposed) {
            port(text)
                    .filter(port -> ports.stream()
                            .noneMatch(p ->
                                    p.inside() == port.inside() && p.protocol().equals(port.protocol())))
                    .ifPresent(ports::add);
        }
        ports.sort(Comparator.comparingInt(Port::inside)
                .thenComparing(Port::address)
                .thenComparingInt(Port::published)
                .thenComparing(Port::protocol));
        all = List.copyOf(ports);
    }

    /** A port on every address of the host is shown in each family that the container has. */
    static List<PublishedPort> places(ObservedContainer container) {
        var four = container.addresses().stream().anyMatch(a -> !a.ipv4().isEmpty());
        var six = container.addresses().stream().anyMatch(a -> !a.ipv6().isEmpty());
        return container.ports().stream()
                .flatMap(port -> port.hostIp().isPresent() || !six
                        ? Stream.of(port)
                        : Stream.of("0.0.0.0", "::")
                                .filter(any -> four || any.equals("::"))
                                .map(any -> new PublishedPort(
                                        Optional.of(IpAddress.parse(any)),
                                        port.hostPort(),
                                        port.containerPort(),
                                        port.protocol())))
                .toList();
    }

    private static Optional<Port> port(String exposed) {
        return Optional.of(EXPOSED.matcher(exposed))
                .filter(Matcher::matches)
                .map(m -> new Port("", 0, Integer.parseInt(m.group(1)), m.group(2) == null ? "tcp" : m.group(2)));
    }

    List<Port> all() {
        return all;
    }

    /**
     * Where a port of the container is found, {@code 0.0.0.0:8080}; as with Compose {@code :0} if it is only exposed.
     */
    Optional<String> place(int inside, String protocol) {
        return all.stream()
                .filter(p -> p.inside() == inside && p.protocol().equals(protocol))
                .findFirst()
                .map(Port::place);
    }

    /**
     * In Docker's order, with its ranges of neighbours (docker/cli, {@code DisplayablePorts}): what leads to a port of
     * another number comes last, and is never part of a range.
     */
    String text() {
        var shown = new ArrayList<String>();
        var open = new LinkedHashMap<String, Range>();
        var mapped = new ArrayList<String>();
        for (var port : all) {
            if (!port.address().isEmpty() && port.published() != port.inside()) {
                mapped.add(port.address() + ":" + (port.published() == 0 ? "*" : port.published()) + "->"
                        + port.inside() + "/" + port.protocol());
                continue;
            }
            var key = port.address() + "/" + port.protocol();
            var range = open.get(key);
            if (range != null && range.last() + 1 != port.inside()) {
                shown.add(range.text());
                range = null;
            }
            var first = range == null ? port.inside() : range.first();
            open.put(key, new Range(port.address(), first, port.inside(), port.protocol()));
        }
        open.values().forEach(range -> shown.add(range.text()));
        shown.addAll(mapped);
        return String.join(", ", shown);
    }

    private record Range(String address, int first, int last, String protocol) {
        String text() {
            var ports = first == last ? String.valueOf(first) : first + "-" + last;
            return (address.isEmpty() ? "" : address + ":" + ports + "->") + ports + "/" + protocol;
        }
    }
}
