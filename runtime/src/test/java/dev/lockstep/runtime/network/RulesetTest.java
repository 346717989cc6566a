package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
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
            IpAddress.parse("172.28.0.2"),
            new PublishedPort(Optional.empty(), Optional.of(8080), 80, TransportProtocol.TCP));
    private static final Publication LOOPBACK = new Publication(
            "c1",
            IpAddress.parse("172.28.0.2"),
            new PublishedPort(Optional.of(IpAddress.parse("127.0.0.1")), Optional.of(5353), 53, TransportProtocol.UDP));

    private static final Publication SIX = new Publication(
            "c1",
            IpAddress.parse("fd00:28::2"),
            new PublishedPort(
                    Optional.of(IpAddress.parse("2001:db8::1")), Optional.of(8443), 443, TransportProtocol.TCP));
    private static final Publication SCTP = new Publication(
            "c1",
            IpAddress.parse("172.28.0.2"),
            new PublishedPort(Optional.empty(), Optional.of(3868), 3868, TransportProtocol.SCTP));
    private static final FrameRules.End END = new FrameRules.End(
            "lvc0de000000001",
            "02:42:ac:1c:00:02",
            List.of(IpAddress.parse("172.28.0.2"), IpAddress.parse("fd00:28::2"), Links.linkLocal("02:42:ac:1c:00:02")),
            false);
    private static final String ROOT = "c0de" + "0".repeat(28);

    @Test
    void the_whole_table_is_one_transaction() throws IOException {
        assertGolden("load.json", perLine(whole()));
    }

    @Test
    void a_library_whose_json_lacks_something_gets_the_same_in_words() throws IOException {
        assertGolden("load.nft", NftText.of(new JsonMapper().readTree(whole())));
    }

    private static String whole() {
        return Ruleset.load(
                "lockstep_c0de",
                ROOT,
                new Ruleset.Content(
                        5533,
                        List.of(network("front", 0, false), network("vault", 1, true)),
                        List.of("lsc0de000000008"),
                        List.of(ANY, LOOPBACK, SIX, SCTP),
                        List.of(END),
                        List.of(
                                new Beside("lsc0de000000009", IpAddress.parse("172.28.0.2")),
                                new Beside("lsc0de000000009", IpAddress.parse("fd00:28::2"))),
                        new Ruleset.Guarded(List.of("eth0"), List.of("eth0", "eth1"))),
                true);
    }

    @Test
    void a_host_that_forwarded_before_has_no_guard() {
        var rules = Ruleset.load(
                "lockstep_c0de",
                ROOT,
                new Ruleset.Content(
                        5533,
                        List.of(network("front", 0, false)),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        new Ruleset.Guarded(List.of(), List.of())),
                false);
        assertThat(rules).doesNotContain("@guarded").doesNotContain("forwarding was off");
        // Of a libnftables that does not know it, nothing is loaded that it would refuse.
        assertThat(rules).doesNotContain("taddr");
    }

    @Test
    void moving_a_port_deletes_and_adds_in_one_transaction() {
        var moved = new Publication("c2", IpAddress.parse("172.28.0.3"), ANY.port());
        assertThat(text(Ruleset.change(List.of(ANY), List.of(moved), List.of(moved))))
                .isEqualTo("""
                DELETE pub4any [{"concat":["tcp",8080]},{"concat":["172.28.0.2",80]}]
                ADD pub4any [{"concat":["tcp",8080]},{"concat":["172.28.0.3",80]}]
                """);
    }

    @Test
    void a_port_that_is_not_translated_is_an_element_of_its_own_set() {
        var routed = new Publication("c1", SIX.address(), SIX.port(), true);
        assertThat(text(Ruleset.change(List.of(routed), List.of(SIX), List.of(SIX))))
                .isEqualTo("""
                DELETE open6 {"concat":["fd00:28::2","tcp",443]}
                ADD pub6 [{"concat":["2001:db8::1","tcp",8443]},{"concat":["fd00:28::2",443]}]
                """);
    }

    @Test
    void an_element_that_several_ports_lead_to_goes_with_the_last_of_them() {
        var first = routed(8080);
        var second = routed(8081);
        assertThat(Ruleset.change(List.of(first), List.of(), List.of(ANY, second)))
                .isEmpty();
        assertThat(text(Ruleset.change(List.of(first, second), List.of(), List.of(ANY))))
                .isEqualTo("""
                DELETE open4 {"concat":["172.28.0.2","tcp",80]}
                """);
    }

    private static Publication routed(int hostPort) {
        var port = new PublishedPort(Optional.empty(), Optional.of(hostPort), 80, TransportProtocol.TCP);
        return new Publication("c1", ANY.address(), port, true);
    }

    @Test
    void an_address_that_the_container_keeps_stays_owned_when_one_of_its_ports_goes() {
        var other = new FrameRules.End("lvc0de000000002", END.mac(), List.of(IpAddress.parse("172.28.1.2")), true);
        assertThat(text(FrameRules.changeEnds(List.of(END), List.of(other), List.of())))
                .isEqualTo("""
                DELETE ends_mac {"concat":["lvc0de000000001","02:42:ac:1c:00:02"]}
                DELETE ends4 {"concat":["lvc0de000000001","172.28.0.2"]}
                DELETE ends6 {"concat":["lvc0de000000001","fd00:28::2"]}
                DELETE ends6 {"concat":["lvc0de000000001","fe80::42:acff:fe1c:2"]}
                DELETE owned4 "172.28.0.2"
                DELETE owned6 "fd00:28::2"
                DELETE owned6 "fe80::42:acff:fe1c:2"
                ADD apart "lvc0de000000002"
                ADD ends_mac {"concat":["lvc0de000000002","02:42:ac:1c:00:02"]}
                ADD ends4 {"concat":["lvc0de000000002","172.28.1.2"]}
                ADD macs "02:42:ac:1c:00:02"
                ADD owned4 "172.28.1.2"
                """);
    }

    @Test
    void an_address_that_another_container_has_on_another_network_stays_owned() {
        var alike = new FrameRules.End(
                "lvc0de000000003",
                END.mac(),
                List.of(IpAddress.parse("172.28.2.2"), Links.linkLocal(END.mac())),
                false);
        assertThat(text(FrameRules.changeEnds(List.of(END), List.of(), List.of(alike))))
                .isEqualTo("""
                DELETE ends_mac {"concat":["lvc0de000000001","02:42:ac:1c:00:02"]}
                DELETE ends4 {"concat":["lvc0de000000001","172.28.0.2"]}
                DELETE ends6 {"concat":["lvc0de000000001","fd00:28::2"]}
                DELETE ends6 {"concat":["lvc0de000000001","fe80::42:acff:fe1c:2"]}
                DELETE owned4 "172.28.0.2"
                DELETE owned6 "fd00:28::2"
                """);
    }

    @Test
    void unloading_succeeds_without_a_table() {
        assertThat(Ruleset.unload("lockstep_c0de"))
                .isEqualTo("{\"nftables\":[{\"add\":{\"table\":{\"family\":\"inet\",\"name\":\"lockstep_c0de\"}}},"
                        + "{\"delete\":{\"table\":{\"family\":\"inet\",\"name\":\"lockstep_c0de\"}}},"
                        + "{\"add\":{\"table\":{\"family\":\"bridge\",\"name\":\"lockstep_c0de\"}}},"
                        + "{\"delete\":{\"table\":{\"family\":\"bridge\",\"name\":\"lockstep_c0de\"}}}]}");
    }

    @Test
    void ports_overlap_when_one_is_of_every_address() {
        var any = ANY.port();
        var loopback = LOOPBACK.port();
        assertThat(LOOPBACK.overlaps(new PublishedPort(Optional.empty(), Optional.of(5353), 1, TransportProtocol.UDP)))
                .isTrue();
        assertThat(LOOPBACK.overlaps(new PublishedPort(
                        Optional.of(IpAddress.ANY_IPV4), Optional.of(5353), 1, TransportProtocol.UDP)))
                .isTrue();
        assertThat(LOOPBACK.overlaps(new PublishedPort(
                        Optional.of(IpAddress.parse("127.0.0.2")), Optional.of(5353), 1, TransportProtocol.UDP)))
                .isFalse();
        assertThat(LOOPBACK.overlaps(new PublishedPort(Optional.empty(), Optional.of(5353), 1, TransportProtocol.TCP)))
                .isFalse();
        assertThat(ANY.overlaps(loopback)).isFalse();
        assertThat(ANY.overlaps(any)).isTrue();
    }

    @Test
    void ports_of_different_families_do_not_overlap() {
        var four = new PublishedPort(Optional.of(IpAddress.ANY_IPV4), Optional.of(8443), 1, TransportProtocol.TCP);
        var six = new PublishedPort(Optional.of(IpAddress.ANY_IPV6), Optional.of(8443), 1, TransportProtocol.TCP);
        var both = new PublishedPort(Optional.empty(), Optional.of(8443), 1, TransportProtocol.TCP);
        assertThat(SIX.overlaps(four)).isFalse();
        assertThat(SIX.overlaps(six)).isTrue();
        assertThat(SIX.overlaps(both)).isTrue();
    }

    private static String text(List<SetChange> changes) {
        var text = new StringBuilder();
        for (var change : changes) {
            for (var element : change.elements()) {
                text.append(change.verb() + " " + change.set() + " " + element.json() + "\n");
            }
        }
        return text.toString();
    }

    /** One command a line, so that differences can be read. */
    private static String perLine(String json) {
        return json.replace("},{\"add\":", "},\n{\"add\":").replace("},{\"delete\":", "},\n{\"delete\":") + "\n";
    }

    private static void assertGolden(String name, String text) throws IOException {
        var file = GOLDEN.resolve(name);
        if (System.getProperty("update") != null) {
            Files.createDirectories(GOLDEN);
            Files.writeString(file, text, StandardCharsets.UTF_8);
        }
        assertThat(text).isEqualTo(Files.readString(file));
    }

    private static NetworkRecord network(String name, int number, boolean internal) {
        var subnets = List.of(
                SubnetSpec.of(Cidr.parse("172.28." + number + ".0/24")).settled(),
                SubnetSpec.of(Cidr.parse("fd00:28:0:" + number + "::/64")).settled());
        var id = String.valueOf(number).repeat(64);
        return new NetworkRecord(
                id,
                new NetworkSpec(
                        name,
                        new Owner("here", "shop", Optional.empty()),
                        internal,
                        true,
                        true,
                        List.of(),
                        Optional.empty(),
                        Map.of(),
                        Map.of()),
                subnets,
                Links.bridgeName(ROOT, id),
                1500,
                Instant.EPOCH,
                List.of(),
                List.of());
    }
}
