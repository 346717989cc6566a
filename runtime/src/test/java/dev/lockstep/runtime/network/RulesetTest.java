package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Transactions against golden files; {@code -Dupdate} writes them anew. */
class RulesetTest {
    private static final Path GOLDEN = Path.of("src/test/resources/ruleset");

    private static final Publication ANY = new Publication(
            "c1",
            Ipv4.parse("172.28.0.2"),
            new PublishedPort(Optional.empty(), Optional.of(8080), 80, TransportProtocol.TCP));
    private static final Publication LOOPBACK = new Publication(
            "c1",
            Ipv4.parse("172.28.0.2"),
            new PublishedPort(Optional.of("127.0.0.1"), Optional.of(5353), 53, TransportProtocol.UDP));

    @Test
    void the_whole_table_is_one_transaction() throws IOException {
        var networks = List.of(network("front", 0, false), network("vault", 1, true));
        assertGolden(
                "load.json", Ruleset.load("lockstep_c0de", 5533, networks, List.of(ANY, LOOPBACK), List.of("eth0")));
    }

    @Test
    void a_host_that_forwarded_before_has_no_guard() {
        var rules = Ruleset.load("lockstep_c0de", 5533, List.of(network("front", 0, false)), List.of(), List.of());
        assertThat(rules).doesNotContain("@guarded").doesNotContain("forwarding was off");
    }

    @Test
    void moving_a_port_deletes_and_adds_in_one_transaction() throws IOException {
        var moved = new Publication("c2", Ipv4.parse("172.28.0.3"), ANY.port());
        assertGolden("move.json", Ruleset.change("lockstep_c0de", List.of(ANY), List.of(moved)));
    }

    @Test
    void unloading_succeeds_without_a_table() {
        assertThat(Ruleset.unload("lockstep_c0de"))
                .isEqualTo("{\"nftables\":[{\"add\":{\"table\":{\"family\":\"inet\",\"name\":\"lockstep_c0de\"}}},"
                        + "{\"delete\":{\"table\":{\"family\":\"inet\",\"name\":\"lockstep_c0de\"}}}]}");
    }

    @Test
    void ports_overlap_when_one_is_of_every_address() {
        var any = ANY.port();
        var loopback = LOOPBACK.port();
        assertThat(LOOPBACK.overlaps(new PublishedPort(Optional.empty(), Optional.of(5353), 1, TransportProtocol.UDP)))
                .isTrue();
        assertThat(LOOPBACK.overlaps(
                        new PublishedPort(Optional.of("0.0.0.0"), Optional.of(5353), 1, TransportProtocol.UDP)))
                .isTrue();
        assertThat(LOOPBACK.overlaps(
                        new PublishedPort(Optional.of("127.0.0.2"), Optional.of(5353), 1, TransportProtocol.UDP)))
                .isFalse();
        assertThat(LOOPBACK.overlaps(new PublishedPort(Optional.empty(), Optional.of(5353), 1, TransportProtocol.TCP)))
                .isFalse();
        assertThat(ANY.overlaps(loopback)).isFalse();
        assertThat(ANY.overlaps(any)).isTrue();
    }

    private static void assertGolden(String name, String json) throws IOException {
        // One command a line, so that differences can be read.
        var text = json.replace("},{\"add\":", "},\n{\"add\":").replace("},{\"delete\":", "},\n{\"delete\":") + "\n";
        var file = GOLDEN.resolve(name);
        if (System.getProperty("update") != null) {
            Files.createDirectories(GOLDEN);
            Files.writeString(file, text, StandardCharsets.UTF_8);
        }
        assertThat(text).isEqualTo(Files.readString(file));
    }

    private static NetworkRecord network(String name, int number, boolean internal) {
        var subnet = Cidr.parse("172.28." + number + ".0/24");
        var id = String.valueOf(number).repeat(64);
        return new NetworkRecord(
                id,
                new NetworkSpec(
                        name,
                        new Owner("here", "shop", Optional.empty()),
                        internal,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of(),
                        Map.of()),
                subnet,
                subnet.first(),
                Links.bridgeName("c0de" + "0".repeat(28), id),
                1500,
                Instant.EPOCH,
                Optional.empty(),
                List.of());
    }
}
