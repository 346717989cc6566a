package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whoever connects, disconnects, publishes and takes back is killed at any moment, and somebody deletes bridges. The
 * next look finds what is missing, the next reconcile puts it back, packets flow, and when all is taken away nothing is
 * left. {@code lockstep.count} is the number of kills × 20; {@code lockstep.seed} decides when and what.
 */
class NetworkKillIT {
    private static final Owner OWNER = new Owner("here", "shop", Optional.empty());
    private static final List<String> NETWORKS = List.of("front", "back");
    private static final long LONGEST_MILLIS = 400;

    @TempDir
    private Path directory;

    @Test
    void killed_at_any_moment_everything_comes_back_and_nothing_stays_behind() throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty("lockstep.seed", "1"));
        var kills = Math.max(2, Integer.getInteger("lockstep.count", 100) / 20);
        System.out.println("kill test of networks: seed " + Long.toUnsignedString(seed) + ", " + kills + " kills");
        var chance = new Random(seed);
        try (var host = new PrivateHost(directory)) {
            for (var name : NETWORKS) {
                host.networks.create(new NetworkSpec(
                        name, OWNER, false, true, true, List.of(), Optional.empty(), Map.of(), Map.of()));
            }
            var bystander = host.networks.attach(request("bystander", NETWORKS));
            host.networks.publish("bystander", ports("bystander"));
            host.serve(bystander.namespace(), "::", "bystander", 80);
            var worker = start(host, chance.nextLong());
            for (var kill = 0; kill < kills; kill++) {
                var moment = chance.nextLong(LONGEST_MILLIS + 1);
                var when = "seed " + Long.toUnsignedString(seed) + ", kill " + kill + " after " + moment + " ms ";
                assertThat(worker.inputReader().readLine()).as(when + errors()).isEqualTo("ready");
                // The next one warms up while this one works; it waits for its order.
                var next = start(host, chance.nextLong());
                worker.outputWriter().append("go\n").flush();
                worker.waitFor(moment, TimeUnit.MILLISECONDS);
                assertThat(worker.isAlive()).as(when + errors()).isTrue();
                worker.destroyForcibly().waitFor();
                worker = next;
                var gateway = bystander.nameServers().getFirst();
                await().untilAsserted(() -> assertThat(host.resolve(bystander.namespace(), gateway, "bystander"))
                        .as(when)
                        .isNotEmpty());
                if (chance.nextBoolean()) {
                    deleteBridge(host, NETWORKS.get(chance.nextInt(NETWORKS.size())));
                }
                recovers(host, when);
            }
            worker.destroyForcibly().waitFor();
            host.stopServing();
            for (var container : host.networks.observe().containers().keySet()) {
                host.networks.detach(container);
            }
            for (var name : NETWORKS) {
                host.networks.remove(name);
            }
            assertThat(host.networks.cleanUp(_ -> false)).isZero();
            await().untilAsserted(() -> assertThat(host.linkNames()).containsExactly("ext0", "ext1", "lo"));
            assertThat(host.nft("{\"nftables\":[{\"list\":{\"tables\":{}}}]}")).doesNotContain("lockstep");
            try (var pins = Files.list(host.root.run().resolve("netns"))) {
                assertThat(pins).isEmpty();
            }
        }
    }

    /** What a reconcile does: clean up, put networks back, attach and publish what should be. */
    private static void recovers(PrivateHost host, String when) throws IOException {
        try (var networks = host.networks()) {
            networks.cleanUp(Set.of("bystander", "victim")::contains);
            for (var name : NETWORKS) {
                networks.ensure(name);
            }
            networks.attach(request("bystander", NETWORKS));
            var victim = networks.attach(request("victim", NETWORKS));
            networks.publish("victim", ports("victim"));
            var observed = networks.observe();
            assertThat(observed.networks()).as(when).allMatch(ObservedNetwork::intact);
            assertThat(observed.containers().values()).as(when).allMatch(ObservedAttachment::intact);
            assertThat(observed.containers()).as(when).containsOnlyKeys("bystander", "victim");
            for (var own : List.of(PrivateHost.OWN, PrivateHost.OWN6)) {
                assertThat(host.tcp(host.outside, own, 8000)).as(when).startsWith("bystander ");
                assertThat(host.tcp(victim.namespace(), own, 8000)).as(when).startsWith("bystander ");
            }
            for (var end : networks.attached("bystander").orElseThrow().endpoints()) {
                for (var place : end.addresses()) {
                    assertThat(host.tcp(victim.namespace(), place.address().toString(), 80))
                            .as(when + place)
                            .startsWith("bystander ");
                }
            }
        }
    }

    private static void deleteBridge(PrivateHost host, String network) throws IOException {
        var bridge = host.networks.find(network).orElseThrow().bridge();
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.deleteLink(bridge);
            }
        });
    }

    private String errors() throws IOException {
        var file = directory.resolve("err");
        return Files.exists(file) ? Files.readString(file) : "";
    }

    private static AttachRequest request(String container, List<String> networks) {
        return new AttachRequest(
                container,
                new LeaseKey("shop", container, 1),
                networks.stream()
                        .map(n -> new AttachmentSpec(n, List.of(container + "-alias"), List.of(), 0))
                        .toList(),
                List.of(container),
                List.of());
    }

    private static List<PublishedPort> ports(String container) {
        var first = container.equals("bystander") ? 8000 : 8100;
        var ports = new ArrayList<PublishedPort>();
        for (var i = 0; i < 3; i++) {
            for (var protocol : List.of(TransportProtocol.TCP, TransportProtocol.UDP)) {
                ports.add(new PublishedPort(Optional.empty(), Optional.of(first + i), 80, protocol));
            }
        }
        return ports;
    }

    private Process start(PrivateHost host, long seed) throws IOException {
        var command = List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                NetworkKillIT.class.getName(),
                directory.toString(),
                host.home().toString(),
                Long.toString(seed));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("err").toFile()))
                .start();
    }

    /** The worker: everything that is done to a container's networks, over and over, until it is killed. */
    public static void main(String[] args) throws IOException {
        var directory = Path.of(args[0]);
        var chance = new Random(Long.parseLong(args[2]));
        try (var namespaces = NetworkNamespaces.at(Path.of(args[1]))) {
            var root = Root.open(directory.resolve("state"), directory.resolve("run"));
            var names = new NameServer(root, PrivateHost::aardvark, namespaces, _ -> {});
            try (var networks =
                    new Networks(root, PrivateHost.settings(directory), namespaces, names, Clock.systemUTC())) {
                networks.observe();
                System.out.println("ready");
                System.in.read();
                while (true) {
                    networks.attach(request("victim", List.of("front")));
                    networks.publish("victim", ports("victim"));
                    networks.updateAttachments(request("victim", NETWORKS));
                    networks.answer("victim", false);
                    networks.publish("victim", ports("victim").subList(0, 1 + chance.nextInt(5)));
                    networks.answer("victim", true);
                    networks.updateAttachments(request("victim", List.of("back")));
                    if (chance.nextBoolean()) {
                        networks.unpublish("victim");
                    }
                    networks.detach("victim");
                }
            }
        }
    }
}
