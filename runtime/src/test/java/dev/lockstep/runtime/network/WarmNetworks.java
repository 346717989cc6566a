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

/**
 * Networks in a process that lives on, as an agent's do, for {@code examples/bench/networks}: reads {@code attach} or
 * {@code publish COUNT} and writes how many milliseconds that took. Arguments: state root, run root.
 */
final class WarmNetworks {
    private static final String NETWORK = "bench-warm";

    private WarmNetworks() {}

    public static void main(String[] args) throws IOException {
        var root = Root.open(Path.of(args[0]), Path.of(args[1]));
        try (var namespaces = NetworkNamespaces.ofThisProcess()) {
            var names = new NameServer(
                    root, () -> NameServer.findProgram(System.getenv("PATH")).orElseThrow(), namespaces, _ -> {});
            try (var networks = new Networks(root, NetworkSettings.defaults(), namespaces, names, Clock.systemUTC());
                    var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
                networks.create(NetworkSpec.plain(NETWORK, new Owner("bench", "", Optional.empty())));
                // The first container of a network starts what answers for names, and the last one ends it.
                networks.attach(request("other"));
                var number = 0;
                for (var line = orders.readLine(); line != null; line = orders.readLine()) {
                    var words = line.split(" ", -1);
                    var container = "bench" + number++;
                    var request = request(container);
                    var before = System.nanoTime();
                    networks.attach(request);
                    if (words[0].equals("publish")) {
                        var ports = IntStream.range(0, Integer.parseInt(words[1]))
                                .mapToObj(i -> new PublishedPort(
                                        Optional.empty(), Optional.of(20_000 + i), 80, TransportProtocol.TCP))
                                .toList();
                        before = System.nanoTime();
                        networks.publish(container, ports);
                    }
                    System.out.println((System.nanoTime() - before) / 1e6);
                    networks.detach(container);
                    networks.release(request.key());
                }
                networks.detach("other");
                networks.release(request("other").key());
                networks.remove(NETWORK);
            }
        }
    }

    private static AttachRequest request(String container) {
        return new AttachRequest(
                container,
                new LeaseKey("", container, 1),
                List.of(new AttachmentSpec(NETWORK, List.of(), List.of(), 0)),
                List.of(container),
                List.of());
    }
}
