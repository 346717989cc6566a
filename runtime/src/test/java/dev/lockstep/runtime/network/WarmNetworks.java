package dev.lockstep.runtime.network;

import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Root;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Networks in a process that lives on, as an agent's do, for {@code examples/bench/networks}: reads {@code attach} (a
 * new container), {@code connect} (one that is on another network) or {@code publish COUNT}, and writes how many
 * milliseconds that took. Arguments: state root, run root.
 */
final class WarmNetworks {
    private static final String NETWORK = "bench-warm";
    private static final String SECOND = "bench-second";
    private static final String OTHER = "other";

    private WarmNetworks() {}

    public static void main(String[] args) throws IOException {
        var root = Root.open(Path.of(args[0]), Path.of(args[1]));
        try (var namespaces = NetworkNamespaces.ofThisProcess()) {
            var names = new NameServer(
                    root, () -> NameServer.findProgram(System.getenv("PATH")).orElseThrow(), namespaces, _ -> {});
            try (var networks = new Networks(root, NetworkSettings.defaults(), namespaces, names, Clock.systemUTC());
                    var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
                // The first container of a network starts what answers for names, and the last one ends it.
                for (var network : List.of(NETWORK, SECOND)) {
                    networks.create(NetworkSpec.plain(network, new Owner("bench", "", Optional.empty())));
                    networks.attach(request(OTHER + network, network));
                }
                var number = 0;
                for (var line = orders.readLine(); line != null; line = orders.readLine()) {
                    System.out.println(measure(networks, line.split(" ", -1), "bench" + number++));
                }
                for (var network : List.of(NETWORK, SECOND)) {
                    leave(networks, OTHER + network);
                    networks.remove(network);
                }
            }
        }
    }

    private static double measure(Networks networks, String[] order, String container) throws IOException {
        var before = System.nanoTime();
        networks.attach(request(container, NETWORK));
        switch (order[0]) {
            case "attach" -> {}
            case "connect" -> {
                before = System.nanoTime();
                networks.updateAttachments(request(container, NETWORK, SECOND));
            }
            case "publish" -> {
                var ports = IntStream.range(0, Integer.parseInt(order[1]))
                        .mapToObj(i ->
                                new PublishedPort(Optional.empty(), Optional.of(20_000 + i), 80, TransportProtocol.TCP))
                        .toList();
                before = System.nanoTime();
                networks.publish(container, ports);
            }
            default -> throw new IllegalArgumentException(order[0]);
        }
        var took = (System.nanoTime() - before) / 1e6;
        leave(networks, container);
        return took;
    }

    private static void leave(Networks networks, String container) throws IOException {
        networks.detach(container);
        networks.release(key(container));
    }

    private static LeaseKey key(String container) {
        return new LeaseKey("", container, 1);
    }

    private static AttachRequest request(String container, String... networks) {
        return new AttachRequest(
                container,
                key(container),
                Stream.of(networks)
                        .map(network -> new AttachmentSpec(network, List.of(), List.of(), 0))
                        .toList(),
                List.of(container),
                List.of());
    }
}
