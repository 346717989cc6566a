package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What was taken away from networks, by a person, a crash, a reboot or another version, comes back. */
class NetworkMendingIT extends OnPrivateHost {
    @Test
    void a_flushed_table_a_lost_bridge_and_a_dead_name_server_are_seen_and_put_back() throws IOException {
        var network = networks.create(network("front"));
        var web = attach("c1", "web", "front");
        host.serve(web.namespace(), "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));
        assertThat(networks.observe().networks().getFirst().intact()).isTrue();
        assertThat(networks.observe().container("c1").orElseThrow().intact()).isTrue();

        host.deleteRules();
        killNameServer();
        var observed = networks.observe();
        assertThat(observed.networks().getFirst().rules()).isFalse();
        assertThat(observed.networks().getFirst().names()).isFalse();
        assertThat(observed.container("c1").orElseThrow().missingPorts()).containsExactly(tcp(8080, 80));

        networks.ensure("front");
        assertThat(networks.observe().container("c1").orElseThrow().intact()).isTrue();
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
        await().untilAsserted(() -> assertThat(host.resolve(
                        web.namespace(), network.gateways().getFirst().toString(), "web"))
                .hasSize(1));

        deleteBridge(network);
        assertThat(networks.observe().networks().getFirst().bridge()).isFalse();
        networks.ensure("front");
        assertThat(networks.observe().networks().getFirst().intact()).isTrue();
    }

    /** A libnftables before 1.1.0 gets them so. */
    @Test
    void rules_in_words_are_the_same_rules() throws IOException {
        var transaction = Files.readString(Path.of("src/test/resources/ruleset/load.json"));
        host.nft(transaction);
        var loaded = withoutHandles(ruleset());
        host.nft(NftText.of(new JsonMapper().readTree(transaction)));
        assertThat(withoutHandles(ruleset())).isEqualTo(loaded).contains("pub6any");
        host.nft(Ruleset.unload("lockstep_c0de"));
    }

    private static String withoutHandles(String ruleset) {
        return ruleset.replaceAll("\"handle\": \\d+", "");
    }

    /** Whatever somebody empties of the tables, which stay there: the rules are not whole, and come back. */
    @Test
    void what_is_flushed_in_tables_that_stay_is_seen_and_put_back() throws IOException {
        networks.create(dual("front", false));
        networks.create(network("back"));
        networks.create(dual("sealed", true));
        var web = attach("c1", "web", "front");
        var other = attach("c2", "other", "back");
        host.serve(web.namespace(), "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));
        assertThat(networks.mend()).isEmpty();

        flush("inet", "chain", "forward");
        assertThat(host.tcp(other.namespace(), address(web), 80)).isEqualTo("web " + address(other));
        isMended("chain forward");
        assertThat(host.dropped(other.namespace(), address(web), 80)).isTrue();

        host.nft("{\"nftables\":[{\"flush\":{\"table\":{\"family\":\"inet\",\"name\":\"lockstep_" + host.root.shortId()
                + "\"}}}]}");
        isMended("table inet");
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);

        host.nft("{\"nftables\":[{\"flush\":{\"table\":{\"family\":\"bridge\",\"name\":\"lockstep_"
                + host.root.shortId() + "\"}}}]}");
        isMended("table bridge");

        for (var chain : List.of("raw", "prerouting", "output", "published", "postrouting")) {
            flush("inet", "chain", chain);
            isMended(chain);
        }
        for (var set : List.of("dnsgw4", "dnsgw6", "bridges", "masq4", "masq6", "hairpin4", "hairpin6", "guarded4")) {
            flush("inet", "set", set);
            isMended(set);
        }
        for (var map : List.of("net_in", "net_out")) {
            flush("inet", "map", map);
            isMended(map);
        }
        for (var set : List.of("bridge_macs", "gateways4", "macs", "owned4", "owned6", "ends_mac", "ends4", "ends6")) {
            flush("bridge", "set", set);
            isMended(set);
        }
    }

    /** A published port is no socket: nobody keeps a program from listening there, and it would wait in vain. */
    @Test
    void who_listens_on_a_published_port_gets_nothing_and_is_named() throws IOException {
        networks.create(dual("front", false));
        var web = attach("c1", "web", "front");
        host.serve(web.namespace(), "web", 80);
        networks.publish(
                "c1", List.of(tcp(8080, 80), tcp("127.0.0.1", 8081, 80), udp(8080, 80), tcp("0.0.0.0", 8082, 80)));
        assertThat(networks.listeners()).isEmpty();

        var self = ProcessHandle.current().pid();
        try (var late = host.namespaces.home(() -> new ServerSocket(8080, 50, InetAddress.getByName(PrivateHost.OWN)));
                var elsewhere =
                        host.namespaces.home(() -> new ServerSocket(8081, 50, InetAddress.getByName(PrivateHost.OWN)));
                var datagrams =
                        host.namespaces.home(() -> new DatagramSocket(8080, InetAddress.getByName(PrivateHost.OWN)))) {
            assertThat(host.tcp(host.outside, PrivateHost.OWN, late.getLocalPort()))
                    .isEqualTo("web " + PrivateHost.OUTSIDE);
            assertThat(networks.listeners())
                    .hasSize(2)
                    .anySatisfy(
                            s -> assertThat(s)
                                    .startsWith("on port 8080/tcp, published of web, process " + self + " (")
                                    .contains(
                                            "listens too and gets nothing of what comes there by IPv4: that goes to the container"))
                    .anySatisfy(s -> assertThat(s).startsWith("on port 8080/udp"));
            assertThat(networks.hostChanges().listeners()).isEqualTo(networks.listeners());
            assertThat(elsewhere.isBound() && datagrams.isBound()).isTrue();
        }
        assertThat(networks.listeners()).isEmpty();
        // A socket of both families is on the port of both.
        try (var both = host.namespaces.home(() -> new ServerSocket(8080))) {
            assertThat(both.isBound()).isTrue();
            assertThat(networks.listeners())
                    .singleElement()
                    .asString()
                    .startsWith("on port 8080/tcp")
                    .contains("by IPv4 and IPv6:");
        }
    }

    private void flush(String family, String what, String name) throws IOException {
        host.nft("{\"nftables\":[{\"flush\":{\"" + what + "\":{\"family\":\"" + family + "\",\"table\":\"lockstep_"
                + host.root.shortId() + "\",\"name\":\"" + name + "\"}}}]}");
    }

    private void isMended(String what) throws IOException {
        assertThat(networks.observe().networks()).as(what).anyMatch(n -> !n.rules());
        assertThat(networks.mend()).as(what).isNotEmpty();
        assertThat(networks.observe().networks()).as(what).allMatch(ObservedNetwork::intact);
        assertThat(networks.mend()).as(what).isEmpty();
    }

    private void killNameServer() throws IOException {
        var pid = host.names.pid().orElseThrow();
        try (var server = Pidfd.open(ProcessIdentity.of(pid).orElseThrow()).orElseThrow()) {
            assertThat(server.send(Signal.KILL)).isTrue();
        }
        await().until(() -> host.names.pid().isEmpty());
    }

    private void deleteBridge(NetworkRecord network) throws IOException {
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.deleteLink(network.bridge());
            }
        });
    }

    /** As after a reboot: records alone are left, and one network after the other is needed again. */
    @Test
    void names_are_answered_on_the_first_network_that_is_back_and_then_on_the_next() throws IOException {
        var kept = List.of(networks.create(network("front")), networks.create(network("back")));
        for (var network : kept) {
            assertThat(host.names.hasZone(network.name())).isTrue();
        }
        killNameServer();
        for (var network : kept) {
            host.names.remove(network.name());
            deleteBridge(network);
        }
        host.deleteRules();

        // Nobody can be asked where no network is, and that is no fault.
        assertThat(networks.mendNames()).isFalse();
        assertThat(host.names.zones()).isEmpty();

        for (var network : kept) {
            networks.ensure(network.name());
            var container = attach("in-" + network.name(), network.name(), network.name());
            await().untilAsserted(() -> assertThat(host.resolve(
                            container.namespace(), network.gateways().getFirst().toString(), network.name()))
                    .hasSize(1));
        }
        // The zone of one that is gone again holds nobody up either.
        deleteBridge(kept.getLast());
        killNameServer();
        assertThat(networks.mendNames()).isTrue();
        assertThat(host.names.zones()).containsExactly("front");
        networks.ensure("back");
        assertThat(host.names.zones()).containsExactly("back", "front");
    }

    /** The kernel remembers that such packets were led nowhere, and for as long as more of them come. */
    @Test
    void who_goes_on_asking_while_rules_are_away_is_answered_when_they_are_back() throws IOException {
        // Somebody else's rules, as Docker's, for whose sake connections are known also while ours are away.
        host.nft("""
                {"nftables":[{"add":{"table":{"family":"inet","name":"theirs"}}},
                {"add":{"chain":{"family":"inet","table":"theirs","name":"in","type":"filter","hook":"input","prio":0}}},
                {"add":{"rule":{"family":"inet","table":"theirs","chain":"in","expr":[{"match":{"op":"in",
                "left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}]}}}]}""");
        var gateway = networks.create(network("front")).gateways().getFirst().toString();
        var web = attach("c1", "web", "front");
        host.serve(web.namespace(), "web", 80);
        networks.publish(
                "c1", List.of(new PublishedPort(Optional.empty(), Optional.of(8080), 80, TransportProtocol.UDP)));
        try (var names = host.udpSocket(web.namespace());
                var client = host.udpSocket(host.outside)) {
            await().untilAsserted(() ->
                    assertThat(host.ask(names, gateway, "web", DnsMessage.A)).isPresent());
            // Sockets of their own, so that nothing is known of them from before.
            try (var late = host.udpSocket(web.namespace());
                    var lateClient = host.udpSocket(host.outside)) {
                host.deleteRules();
                assertThat(host.ask(late, gateway, "web", DnsMessage.A)).isEmpty();
                lateClient.send(new DatagramPacket(new byte[] {'x'}, 1, new InetSocketAddress(PrivateHost.OWN, 8080)));

                networks.ensure("front");
                for (var socket : List.of(names, late)) {
                    await().atMost(Duration.ofSeconds(10))
                            .untilAsserted(() -> assertThat(host.ask(socket, gateway, "web", DnsMessage.A))
                                    .as("a question for a name")
                                    .isPresent());
                }
                for (var socket : List.of(client, lateClient)) {
                    assertThat(host.udp(socket, PrivateHost.OWN, 8080)).startsWith("web ");
                }
            }
        }
    }

    @Test
    void rules_of_an_earlier_version_are_known_as_such_and_renewed() throws IOException {
        networks.create(network("front"));
        assertThat(networks.observe().networks()).noneMatch(ObservedNetwork::outdated);
        // As a Lockstep left them that did not say of which version they were.
        host.nft("{\"nftables\":[{\"delete\":{\"chain\":{\"family\":\"inet\",\"table\":\"lockstep_"
                + host.root.shortId() + "\",\"name\":\"" + Ruleset.VERSION_CHAIN + Ruleset.VERSION + "\"}}}]}");
        assertThat(networks.observe().networks())
                .allMatch(ObservedNetwork::outdated)
                .noneMatch(ObservedNetwork::intact);
        networks.ensure("front");
        assertThat(networks.observe().networks())
                .noneMatch(ObservedNetwork::outdated)
                .allMatch(ObservedNetwork::intact);
    }

    @Test
    void publishing_heals_a_table_that_somebody_flushed() throws IOException {
        networks.create(network("front"));
        var web = attach("c1", "web", "front");
        host.serve(web.namespace(), "web", 80);
        host.nft("{\"nftables\":[{\"flush\":{\"ruleset\":null}}]}");
        networks.publish("c1", List.of(tcp(8080, 80)));
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
    }

    @Test
    void what_a_crash_left_behind_is_cleaned_up_and_what_lives_stays() throws IOException {
        networks.create(network("front"));
        attach("c1", "web", "front");
        attach("dead", "old", "front");
        networks.publish("dead", List.of(tcp(8080, 80)));
        host.namespaces.create(host.networks.namespace("halfmade"));
        // A link that looks like ours and is not.
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                links.createBridge("lv" + host.root.shortId() + "foreign", new byte[] {2, 0, 0, 0, 0, 9}, 1500, "mine");
                return Optional.empty();
            }
        });
        assertThat(networks.cleanUp(Set.of("c1")::contains)).isEqualTo(2);
        await().until(() -> networks.cleanUp(Set.of("c1")::contains) == 0);
        var observed = networks.observe();
        assertThat(observed.containers()).containsOnlyKeys("c1");
        assertThat(observed.container("c1").orElseThrow().intact()).isTrue();
        assertThat(host.linkNames()).contains("lv" + host.root.shortId() + "foreign");
        host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.deleteLink("lv" + host.root.shortId() + "foreign");
            }
        });
    }

    @Test
    void a_damaged_record_of_a_network_is_written_anew_from_its_copy() throws IOException {
        var front = networks.create(network("front"));
        attach("c1", "web", "front");
        networks.settle();
        var file = record(front);
        Files.writeString(file, Files.readString(file).substring(0, 100));

        try (var next = host.networks()) {
            assertThat(next.damaged()).isEmpty();
            assertThat(next.observe().networks()).singleElement().matches(ObservedNetwork::intact);
            next.cleanUp(_ -> true);
            Files.delete(directory.resolve("run/networks/copies/" + front.id() + ".json"));
            assertThat(next.find("front")).contains(next.list().getFirst());
            next.cleanUp(_ -> true);
        }
        // The copy is there again, too.
        Files.writeString(file, "");
        assertThat(networks.find("front")).isPresent();
        networks.cleanUp(_ -> true);
        assertThat(Files.readString(file)).contains("front");
    }

    @Test
    void a_damaged_file_of_a_container_or_of_published_ports_holds_up_nobody_and_is_written_anew() throws IOException {
        networks.create(network("front"));
        var web = attach("c1", "web", "front");
        attach("c2", "mate", "front");
        host.serve(web.namespace(), "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));
        var run = directory.resolve("run/networks");
        var attachment = run.resolve("containers/c1.json");
        var published = run.resolve("published.json");
        var whole = Files.readString(attachment);
        var ports = Files.readString(published);

        Files.writeString(attachment, "{\"format\": 2, ");
        Files.writeString(published, "");
        assertThat(networks.observe().container("c1").orElseThrow().intact()).isTrue();
        assertThat(networks.published("c1")).containsExactly(tcp(8080, 80));
        networks.cleanUp(_ -> true);
        assertThat(attachment).hasContent(whole);
        assertThat(published).hasContent(ports);

        // Without a copy nobody can tell: he and the others go on, and all is as it was when he is started again.
        for (var file : List.of("containers/c1.json", "published.json")) {
            Files.writeString(run.resolve(file), "[]");
            Files.delete(run.resolve("copies").resolve(file));
        }
        attach("c3", "third", "front");
        networks.cleanUp(_ -> true);
        assertThat(networks.unusableAttachments())
                .singleElement()
                .asString()
                .startsWith("what container c1 has of networks is not known until it is restarted: " + attachment);
        assertThat(networks.observe().containers()).containsOnlyKeys("c2", "c3");
        assertThat(run.resolve("published.json.damaged")).hasContent("[]");
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
        networks.detach("c1");
        assertThat(networks.unusableAttachments()).isEmpty();

        host.stopServing();
        var again = attach("c1", "web", "front");
        assertThat(address(again)).isEqualTo(address(web));
        host.serve(again.namespace(), "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
        assertThat(networks.observe().containers().values()).hasSize(3).allMatch(ObservedAttachment::intact);

        // One that is gone takes the rest along.
        Files.writeString(attachment, "[]");
        Files.delete(run.resolve("copies/containers/c1.json"));
        assertThat(networks.cleanUp(id -> !id.equals("c1"))).isPositive();
        assertThat(networks.namespace("c1")).doesNotExist();
    }

    /** Rules go before links: between them nobody misses the rules, until the container is wanted again. */
    @Test
    void who_comes_back_after_a_kill_that_took_its_rules_away_has_them_again() throws IOException {
        networks.create(network("front"));
        var web = attach("c1", "web", "front");
        var files = new NetworkFiles(host.root);
        files.write(files.attachmentIfWhole("c1").orElseThrow().asLeaving());
        host.nft("""
                delete element bridge %1$s owned4 { %2$s }
                delete element bridge %1$s ends4 { "%3$s" . %2$s }
                """.formatted(
                        "lockstep_" + host.root.shortId(),
                        address(web),
                        web.endpoints().getFirst().hostLink()));
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::intact);

        networks.attach(request("c1", "web", "front"));
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::intact);
        assertThat(networks.observe().container("c1").orElseThrow().intact()).isTrue();
    }

    /** A newer Lockstep's are not damaged: they stay, and so do the container's links. */
    @Test
    void the_links_of_a_container_whose_file_a_newer_lockstep_wrote_stay() throws IOException {
        networks.create(network("front"));
        var web = attach("c1", "web", "front");
        var file = directory.resolve("run/networks/containers/c1.json");
        var text = Files.readString(file);
        Files.writeString(file, text.replaceFirst("\"format\" ?: ?\\d+", "\"format\":9"));
        networks.cleanUp(_ -> true);
        assertThat(file).exists();
        assertThat(networks.unusableAttachments()).hasSize(1);
        assertThat(host.linkNames()).contains(web.endpoints().getFirst().hostLink());
        Files.writeString(file, text);
        assertThat(networks.observe().container("c1").orElseThrow().intact()).isTrue();
    }

    /** As after a reboot, or of a newer Lockstep: there is no copy that could be read. */
    @Test
    void a_network_whose_record_cannot_be_used_holds_up_nobody_else_and_stays_shut() throws IOException {
        var front = networks.create(network("front"));
        var web = attach("c1", "web", "front");
        var mate = attach("c2", "mate", "front");
        host.serve(web.namespace(), "web", 80);
        networks.settle();
        var file = record(front);
        var text = Files.readString(file);
        Files.writeString(file, text.replaceFirst("\"format\" ?: ?\\d+", "\"format\":9"));

        var other = networks.create(network("back"));
        var stranger = attach("c3", "stranger", "back");
        networks.cleanUp(_ -> true);
        assertThat(networks.damaged())
                .singleElement()
                .satisfies(damaged -> assertThat(damaged.sentence())
                        .startsWith("network front (" + front.id().substring(0, 12) + ") is left out: " + file)
                        .endsWith("use the newer Lockstep"));
        assertThat(networks.list()).extracting(NetworkRecord::name).containsExactly("back");
        assertThat(networks.observe().networks()).singleElement().matches(ObservedNetwork::intact);
        assertThat(host.linkNames()).contains(front.bridge());
        assertThatThrownBy(() -> networks.create(network("front"))).hasMessageContaining("use the newer Lockstep");
        // All rules have been loaded anew meanwhile.
        assertThat(host.dropped(stranger.namespace(), address(web), 80)).isTrue();
        assertThat(host.dropped(host.outside, address(web), 80)).isTrue();
        assertThat(host.tcp(mate.namespace(), address(web), 80)).isEqualTo("web " + address(mate));
        networks.detach("c3");
        networks.remove(other.name());
        assertThat(host.linkNames()).contains(front.bridge());

        Files.writeString(file, text);
        networks.ensure("front");
        assertThat(networks.observe().networks()).singleElement().matches(ObservedNetwork::intact);
    }

    @Test
    void a_network_of_which_nothing_can_be_read_is_made_anew() throws IOException {
        var front = networks.create(network("front"));
        networks.settle();
        Files.writeString(record(front), "{\u001b");
        Files.delete(directory.resolve("run/networks/copies/" + front.id() + ".json"));

        networks.cleanUp(_ -> true);
        assertThat(networks.list()).isEmpty();
        assertThat(networks.damaged())
                .singleElement()
                .satisfies(damaged -> assertThat(damaged.sentence())
                        .startsWith("network " + front.id().substring(0, 12) + " is left out: ")
                        .contains("is damaged")
                        .endsWith("Move that file away, and the network can be made again")
                        .doesNotContain("\u001b"));
        assertThat(networks.create(network("front")).bridge()).isNotEqualTo(front.bridge());
        assertThat(host.linkNames()).contains(front.bridge());
        Files.delete(record(front));
        networks.cleanUp(_ -> true);
        assertThat(networks.list()).hasSize(1);
        assertThat(host.linkNames()).doesNotContain(front.bridge());
    }

    private Path record(NetworkRecord network) {
        return directory.resolve("state/networks/" + network.id() + "/record.json");
    }
}
