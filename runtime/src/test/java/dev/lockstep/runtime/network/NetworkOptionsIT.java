package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.dns.OwnNameServers;
import dev.lockstep.runtime.linux.RawFrames;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.linux.Sysctls;
import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Options of networks and of containers on them, tried with packets on a host of their own. */
class NetworkOptionsIT extends OnPrivateHost {
    private static final String BRIDGE = "com.docker.network.bridge.";

    private NetworkRecord create(String name, String driver, Optional<String> subnet, Map<String, String> options)
            throws IOException {
        return networks.create(new NetworkSpec(
                name,
                OWNER,
                options.containsValue("isolated"),
                true,
                false,
                subnet.stream().map(Cidr::parse).map(SubnetSpec::of).toList(),
                Optional.empty(),
                options,
                Map.of(),
                driver,
                false));
    }

    private NetworkRecord bridge(String name, Map<String, String> options) throws IOException {
        return create(name, "bridge", Optional.empty(), options);
    }

    private Attached attach(String container, AttachmentSpec... on) throws IOException {
        return networks.attach(request(container, on));
    }

    private static AttachRequest request(String container, AttachmentSpec... on) {
        return new AttachRequest(
                container, new LeaseKey("shop", container, 1), List.of(on), List.of(container), List.of());
    }

    private static AttachmentSpec on(String network) {
        return new AttachmentSpec(network, List.of(), List.of(), 0);
    }

    private static AttachmentSpec on(String network, int priority, EndpointOptions options) {
        return new AttachmentSpec(network, List.of(), List.of(), priority, options);
    }

    private static EndpointOptions options(Optional<String> mac, int gateway, Optional<String> name) {
        return new EndpointOptions(mac, gateway, name, List.of(), Map.of(), List.of(), false);
    }

    private static String first(Attached attached) {
        return attached.endpoints().getFirst().addresses().getFirst().address().toString();
    }

    private static PublishedPort tcp(int hostPort) {
        return new PublishedPort(Optional.empty(), Optional.of(hostPort), 80, TransportProtocol.TCP);
    }

    private interface Look<T> {
        T at(Rtnetlink links) throws IOException;
    }

    private <T> T inside(Attached attached, Look<T> look) throws IOException {
        return host.namespaces.inside(attached.namespace(), () -> {
            try (var links = Rtnetlink.open()) {
                return look.at(links);
            }
        });
    }

    private List<String> links(Attached attached) throws IOException {
        return inside(
                attached,
                links -> links.links().stream()
                        .map(Rtnetlink.Link::name)
                        .sorted()
                        .toList());
    }

    @Test
    void containers_that_may_not_reach_each_other_do_not_but_through_published_ports() throws IOException {
        bridge("front", Map.of(BRIDGE + "enable_icc", "false"));
        var web = attach("web", on("front"));
        var app = attach("app", on("front"));
        host.serve(app.namespace(), "app", 80);
        host.serve(host.outside, "outside", 80);
        networks.publish("app", List.of(tcp(8080)));
        var gateway = web.main().orElseThrow().gateway().orElseThrow().toString();

        assertThat(host.dropped(web.namespace(), first(app), 80)).isTrue();
        assertThat(host.tcp(web.namespace(), PrivateHost.OWN, 8080)).isEqualTo("app " + gateway);
        assertThat(host.tcp(web.namespace(), PrivateHost.OUTSIDE, 80)).isEqualTo("outside " + PrivateHost.OWN);
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("app " + PrivateHost.OUTSIDE);
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "app")).containsExactly(first(app)));
    }

    @Test
    void a_hardware_address_stays_protected_when_its_namesake_on_another_network_goes() throws IOException {
        bridge("front", Map.of());
        bridge("back", Map.of());
        var mac = "02:42:00:00:00:07";
        attach("c1", on("front", 0, options(Optional.of(mac), 0, Optional.empty())));
        attach("c2", on("back", 0, options(Optional.of(mac), 0, Optional.empty())));
        var neighbour = attach("c3", on("back"));
        var victim = attach("c4", on("back"));
        networks.detach("c1");

        var from = neighbour.endpoints().getFirst();
        var to = victim.endpoints().getFirst();
        try (var heard = host.namespaces.inside(
                        victim.namespace(), () -> new DatagramSocket(5000, InetAddress.ofLiteral("0.0.0.0")));
                var frames = inside(neighbour, links -> RawFrames.on(links.index("eth0")))) {
            for (var sender : List.of(mac, from.mac())) {
                var text = sender.equals(mac) ? "forged" : "honest";
                frames.send(RawFrames.ethernet(
                        Links.macBytes(to.mac()),
                        Links.macBytes(sender),
                        0x0800,
                        RawFrames.udp(
                                from.addresses().getFirst().address().bytes(),
                                to.addresses().getFirst().address().bytes(),
                                5000,
                                text.getBytes(StandardCharsets.UTF_8))));
            }
            heard.setSoTimeout(20_000);
            var packet = new DatagramPacket(new byte[100], 100);
            heard.receive(packet);
            assertThat(new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8))
                    .isEqualTo("honest");
        }
        // And the rules are still those that the records ask for: nothing has to be loaded anew.
        networks.detach("c2");
        assertThat(host.nft("{\"nftables\":[{\"list\":{\"set\":{\"family\":\"bridge\",\"table\":\"lockstep_"
                        + host.root.shortId() + "\",\"name\":\"macs\"}}}]}"))
                .contains(from.mac())
                .doesNotContain(mac);
    }

    @Test
    void the_first_packet_of_a_container_is_not_lost() throws IOException {
        bridge("front", Map.of());
        for (var i = 0; i < 20; i++) {
            var web = attach("web", on("front"));
            var end = web.main().orElseThrow().hostLink();
            boolean passes = inside(web, links -> links.passes("eth0"));
            assertThat(passes).isTrue();
            var forwards = host.namespaces.home(() -> {
                try (var links = Rtnetlink.open()) {
                    return links.passes(end);
                }
            });
            assertThat(forwards).isTrue();
            networks.detach("web");
        }
    }

    @Test
    void without_masquerading_the_outside_sees_the_container_s_address() throws IOException {
        bridge("front", Map.of(BRIDGE + "enable_ip_masquerade", "false"));
        var web = attach("web", on("front"));
        host.serve(host.outside, "outside", 80);

        routeToContainers();
        assertThat(host.tcp(web.namespace(), PrivateHost.OUTSIDE, 80)).isEqualTo("outside " + first(web));
    }

    /** The machine outside learns the way to the container's network. */
    private void routeToContainers() throws IOException {
        host.namespaces.inside(host.outside, () -> {
            try (var links = Rtnetlink.open()) {
                links.replaceDefaultRoute(
                        links.index("eth0"), IpAddress.parse(PrivateHost.OWN).bytes());
            }
            return Optional.empty();
        });
    }

    @Test
    void an_unprotected_network_is_reached_by_who_has_a_route_and_others_are_not() throws IOException {
        bridge("open", Map.of(BRIDGE + "gateway_mode_ipv4", "nat-unprotected"));
        bridge("shut", Map.of());
        var open = attach("open", on("open"));
        var shut = attach("shut", on("shut"));
        host.serve(open.namespace(), "open", 80);
        host.serve(shut.namespace(), "shut", 80);
        routeToContainers();

        assertThat(host.tcp(host.outside, first(open), 80)).isEqualTo("open " + PrivateHost.OUTSIDE);
        assertThat(host.dropped(host.outside, first(shut), 80)).isTrue();
        assertThat(host.dropped(shut.namespace(), first(open), 80)).isTrue();
    }

    @Test
    void ports_of_a_routed_network_are_reached_at_the_container_and_nothing_else_is() throws IOException {
        bridge("routed", Map.of(BRIDGE + "gateway_mode_ipv4", "routed"));
        bridge("other", Map.of());
        var web = attach("web", on("routed"));
        var other = attach("other", on("other"));
        host.serve(web.namespace(), "web", 80);
        host.serve(web.namespace(), "admin", 81);
        host.serve(host.outside, "outside", 80);
        routeToContainers();
        assertThat(host.dropped(host.outside, first(web), 80)).isTrue();

        // Nobody on the host is in the way of a port that the host does not have.
        host.serve(host.home(), "host", 8080);
        networks.publish("web", List.of(tcp(8080)));
        assertThat(host.tcp(host.outside, first(web), 80)).isEqualTo("web " + PrivateHost.OUTSIDE);
        assertThat(host.tcp(other.namespace(), first(web), 80)).isEqualTo("web " + first(other));
        assertThat(host.dropped(host.outside, first(web), 81)).isTrue();
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("host " + PrivateHost.OUTSIDE);
        assertThat(host.tcp(web.namespace(), PrivateHost.OUTSIDE, 80)).isEqualTo("outside " + first(web));
        assertThat(networks.observe("web").orElseThrow().intact()).isTrue();

        networks.unpublish("web");
        assertThat(host.dropped(host.outside, first(web), 80)).isTrue();
    }

    @Test
    void ports_without_an_address_are_published_on_that_of_their_network() throws IOException {
        bridge("front", Map.of(BRIDGE + "host_binding_ipv4", "127.0.0.1"));
        var web = attach("web", on("front"));
        host.serve(web.namespace(), "web", 80);

        networks.publish("web", List.of(tcp(8080)));
        assertThat(host.tcp(host.home(), "127.0.0.1", 8080)).startsWith("web ");
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("ConnectException");
    }

    @Test
    void an_isolated_network_has_names_and_neighbours_and_no_host() throws IOException {
        bridge("vault", Map.of(BRIDGE + "gateway_mode_ipv4", "isolated"));
        var web = attach("web", on("vault"));
        var app = attach("app", on("vault"));
        host.serve(app.namespace(), "app", 80);
        var gateway = web.main().orElseThrow().gateway().orElseThrow().toString();
        host.serve(host.home(), gateway, "host", 81);

        assertThat(host.tcp(web.namespace(), first(app), 80)).isEqualTo("app " + first(web));
        assertThat(host.dropped(web.namespace(), gateway, 81)).isTrue();
        assertThat(host.dropped(host.home(), first(app), 80)).isTrue();
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "app")).containsExactly(first(app)));
    }

    @Test
    void a_bridge_has_the_name_that_was_asked_for_and_other_firewalls_let_it_through() throws IOException {
        host.nft("""
                {"nftables": [
                  {"add": {"table": {"family": "ip", "name": "filter"}}},
                  {"add": {"chain": {"family": "ip", "table": "filter", "name": "DOCKER-USER"}}},
                  {"add": {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "type": "filter",
                    "hook": "forward", "prio": 0, "policy": "drop"}}},
                  {"add": {"rule": {"family": "ip", "table": "filter", "chain": "FORWARD",
                    "expr": [{"jump": {"target": "DOCKER-USER"}}]}}}]}""");
        bridge("front", Map.of(BRIDGE + "name", "br-shop", "com.docker.network.container_iface_prefix", "lan"));
        assertThatThrownBy(() -> bridge("back", Map.of(BRIDGE + "name", "br-shop")))
                .hasMessageContaining("wants the bridge br-shop, which is that of network front");
        bridge("back", Map.of());
        var web = attach("web", on("front"), on("back"));
        host.serve(host.outside, "outside", 80);

        assertThat(host.linkNames()).contains("br-shop");
        assertThat(links(web)).containsExactly("eth0", "lan0", "lo");
        var lan = attach("lan", on("front"));
        assertThat(host.tcp(lan.namespace(), PrivateHost.OUTSIDE, 80)).isEqualTo("outside " + PrivateHost.OWN);
        networks.detach("lan");
        networks.detach("web");
        networks.remove("front");
        var user = "{\"nftables\":[{\"list\":{\"chain\":{\"family\":\"ip\",\"table\":\"filter\","
                + "\"name\":\"DOCKER-USER\"}}}]}";
        assertThat(host.nft(user)).doesNotContain("br-shop").contains("\"ls");
        networks.remove("back");
        assertThat(host.nft(user)).doesNotContain("\"ls");
        host.nft("{\"nftables\":[{\"delete\":{\"table\":{\"family\":\"ip\",\"name\":\"filter\"}}}]}");
    }

    @Test
    void a_bridge_without_an_address_of_ours_is_left_to_its_owner() throws IOException {
        var network = bridge("bare", Map.of(BRIDGE + "inhibit_ipv4", "true"));
        var web = attach("web", on("bare"));
        var app = attach("app", on("bare"));
        host.serve(app.namespace(), "app", 80);

        assertThat(host.tcp(web.namespace(), first(app), 80)).isEqualTo("app " + first(web));
        assertThat(host.resolve(web.namespace(), web.nameServers().getFirst(), "app"))
                .containsExactly(first(app));
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::intact);
        var addresses = host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.addresses().stream()
                        .map(a -> a.address().getHostAddress())
                        .toList();
            }
        });
        assertThat(addresses).doesNotContain(network.gateways().getFirst().toString());
    }

    @Test
    void an_end_has_the_name_the_addresses_and_the_settings_that_were_asked_for() throws IOException {
        bridge("front", Map.of());
        bridge("back", Map.of());
        var mac = "02:00:5e:10:00:01";
        var web = attach(
                "web",
                on("front", 10, EndpointOptions.NONE),
                on(
                        "back",
                        0,
                        new EndpointOptions(
                                Optional.of(mac),
                                5,
                                Optional.of("wan.0"),
                                List.of("169.254.7.7"),
                                Map.of("ipv4.conf.IFNAME.log_martians", "1"),
                                List.of(),
                                false)));

        assertThat(links(web)).containsExactly("eth0", "lo", "wan.0");
        assertThat(web.main().orElseThrow().network()).isEqualTo("back");
        assertThat(host.namespaces.inside(web.namespace(), () -> Sysctls.read("net/ipv4/conf/wan.0/log_martians")))
                .contains("1");
        var addresses = inside(
                web,
                links -> links.addresses().stream()
                        .map(a -> a.address().getHostAddress() + "/" + a.prefix())
                        .toList());
        assertThat(addresses).contains("169.254.7.7/16", first(web) + "/24");
        assertThatThrownBy(() -> attach("app", on("back", 0, options(Optional.of(mac), 0, Optional.empty()))))
                .hasMessageContaining("the hardware address " + mac + " is that of container web on network back");

        // The other way out, and the usual name, while it runs.
        var changed = networks.updateAttachments(
                request("web", on("front", 10, options(Optional.empty(), 9, Optional.empty())), on("back")));
        assertThat(changed.main().orElseThrow().network()).isEqualTo("front");
        assertThat(links(changed)).containsExactly("eth0", "eth1", "lo");
        host.serve(host.outside, "outside", 80);
        assertThat(host.tcp(changed.namespace(), PrivateHost.OUTSIDE, 80)).isEqualTo("outside " + PrivateHost.OWN);
    }

    @Test
    void neighbours_hear_of_a_hardware_address_that_is_fixed_while_it_runs_and_of_one_that_is_not_any_more()
            throws IOException {
        bridge("front", Map.of());
        var web = attach("web", on("front"));
        var app = attach("app", on("front"));
        host.serve(web.namespace(), "web", 80);
        assertThat(host.tcp(app.namespace(), first(web), 80)).startsWith("web ");

        for (var mac : List.of("02:00:5e:10:00:01", "")) {
            var fixed = Optional.of(mac).filter(text -> !text.isEmpty());
            var changed =
                    networks.updateAttachments(request("web", on("front", 0, options(fixed, 0, Optional.empty()))));
            var expected = changed.endpoints().getFirst().mac();
            assertThat(fixed.orElse(web.endpoints().getFirst().mac())).isEqualTo(expected);
            // Nobody has asked for it: what is remembered of a quiet neighbour stays.
            await().untilAsserted(() -> assertThat(neighbours(app))
                    .anyMatch(line -> line.startsWith(first(web) + " ") && line.contains(" " + expected + " ")));
        }
    }

    private List<String> neighbours(Attached attached) throws IOException {
        return host.namespaces.inside(
                attached.namespace(), () -> Files.readAllLines(Path.of("/proc/thread-self/net/arp")));
    }

    private static EndpointOptions linking(String target, String alias) {
        return new EndpointOptions(
                Optional.empty(),
                0,
                Optional.empty(),
                List.of(),
                Map.of(),
                List.of(new EndpointOptions.Link(target, alias)),
                false);
    }

    /** As with Docker: nobody else is told, not even who is meant, and it goes before a service of that name. */
    @Test
    void a_link_is_known_to_who_has_it_alone_and_follows_who_is_linked_to() throws IOException {
        var network = bridge("front", Map.of());
        var gateway = network.gateways().getFirst().toString();
        var web = attach("web", on("front", 0, linking("db", "database")));
        var stranger = attach("stranger", on("front"));
        var own = web.nameServers().getFirst();
        assertThat(web.nameServers()).containsExactly(OwnNameServers.ADDRESS);
        assertThat(stranger.nameServers()).containsExactly(gateway);
        assertThat(host.resolve(web.namespace(), own, "database")).isEmpty();

        var db = attach("db", on("front"));
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), own, "database")).containsExactly(first(db)));
        assertThat(host.resolve(web.namespace(), own, "db")).containsExactly(first(db));
        assertThat(host.resolve(web.namespace(), own, "stranger.front")).containsExactly(first(stranger));
        assertThat(host.resolve(web.namespace(), own, "DATABASE.front")).containsExactly(first(db));
        assertThat(host.ask(web.namespace(), own, "database", DnsMessage.A, true)
                        .orElseThrow()
                        .records())
                .containsExactly(first(db));
        assertThat(host.ask(web.namespace(), own, "database", DnsMessage.AAAA, false))
                .contains(new DnsMessage(0, List.of()));
        for (var other : List.of(stranger, db)) {
            assertThat(host.resolve(other.namespace(), gateway, "database")).isEmpty();
            assertThat(host.tcp(other.namespace(), own, 53)).isEqualTo("ConnectException");
        }

        // A service that is really called so: nobody's name is taken, and who links means what he says.
        var real = attach("database", on("front"));
        for (var other : List.of(stranger, db)) {
            await().untilAsserted(() -> assertThat(host.resolve(other.namespace(), gateway, "database"))
                    .containsExactly(first(real)));
        }
        assertThat(host.resolve(web.namespace(), own, "database")).containsExactly(first(db));
        networks.detach("database");

        networks.detach("db");
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), own, "database")).isEmpty());
        // Without the link, while it runs.
        assertThat(networks.updateAttachments(request("web", on("front"))).nameServers())
                .containsExactly(gateway);
        assertThat(host.names.ownServers().containers()).isEmpty();
        networks.detach("web");
        assertThat(host.names.zones()).containsExactly("front");
    }

    @Test
    void a_link_on_an_internal_network_asks_nobody_outside() throws IOException {
        networks.create(
                new NetworkSpec("vault", OWNER, true, true, false, List.of(), Optional.empty(), Map.of(), Map.of()));
        var web = attach("web", on("vault", 0, linking("db", "database")));
        var db = attach("db", on("vault"));

        await().untilAsserted(() -> assertThat(host.resolve(web.namespace(), OwnNameServers.ADDRESS, "database"))
                .containsExactly(first(db)));
        assertThat(host.ask(web.namespace(), OwnNameServers.ADDRESS, "example.test", DnsMessage.A, false))
                .contains(new DnsMessage(3, List.of()));
    }

    /** Who is killed may leave the server of a container that has gone, or whose record has. */
    @Test
    void a_name_server_of_a_container_that_has_gone_is_found_and_ended() throws IOException {
        bridge("front", Map.of());
        attach("web", on("front", 0, linking("db", "database")));
        var namespace = attach("db", on("front")).namespace();
        var own = host.names.ownServers();
        own.put("ghost", List.of(), List.of());
        host.namespaces.inside(namespace, () -> {
            own.start("ghost");
            return Optional.empty();
        });
        try (var linking = own.process("web").orElseThrow();
                var ghost = own.process("ghost").orElseThrow()) {
            assertThat(networks.cleanUp(container -> container.equals("db"))).isEqualTo(2);
            for (var process : List.of(linking, ghost)) {
                assertThat(host.namespaces.home(() -> process.awaitExit(Duration.ofSeconds(10))))
                        .isTrue();
            }
        }
        assertThat(own.containers()).isEmpty();
        assertThat(networks.cleanUp(container -> container.equals("db"))).isZero();
    }

    /** Not only a mean one: the server may have been killed, and the port be one that the kernel gave away. */
    @Test
    void a_container_that_has_the_port_of_its_name_server_keeps_no_other_from_its_own() throws IOException {
        create("lan", "macvlan", Optional.of("203.0.113.0/24"), Map.of("parent", "ext0"));
        var first = attach("app", fixed("lan", "203.0.113.51"));
        var second = attach("web", fixed("lan", "203.0.113.50"));
        for (var name : List.of("app", "web")) {
            try (var server = host.names.ownServers().process(name).orElseThrow()) {
                server.send(Signal.KILL);
                assertThat(host.namespaces.home(() -> server.awaitExit(Duration.ofSeconds(10))))
                        .isTrue();
            }
        }
        try (var _ = host.namespaces.inside(
                first.namespace(),
                () -> new DatagramSocket(OwnNameServers.PORT, InetAddress.getByName(OwnNameServers.ADDRESS)))) {
            assertThatThrownBy(networks::mendNames)
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("the name server of container app: ");
            assertThat(host.resolve(second.namespace(), OwnNameServers.ADDRESS, "app"))
                    .containsExactly("203.0.113.51");
        }
        assertThat(networks.mendNames()).isTrue();
        assertThat(host.resolve(first.namespace(), OwnNameServers.ADDRESS, "web"))
                .containsExactly("203.0.113.50");
    }

    @Test
    void a_scaled_service_has_all_addresses_and_an_address_its_names() throws IOException {
        var gateway = bridge("front", Map.of()).gateways().getFirst().toString();
        var containers = new ArrayList<Attached>();
        for (var i = 1; i <= 3; i++) {
            containers.add(networks.attach(new AttachRequest(
                    "web" + i,
                    new LeaseKey("shop", "web", i),
                    List.of(on("front")),
                    List.of("web", "shop-web-" + i),
                    List.of())));
        }
        var asker = containers.getFirst().namespace();
        var all = containers.stream().map(NetworkOptionsIT::address).toList();

        await().untilAsserted(
                        () -> assertThat(host.resolve(asker, gateway, "web")).containsExactlyInAnyOrderElementsOf(all));
        assertThat(host.resolve(asker, gateway, "shop-web-2.front")).containsExactly(all.get(1));
        networks.answer("web2", false);
        await().untilAsserted(() -> assertThat(host.resolve(asker, gateway, "web"))
                .containsExactlyInAnyOrder(all.getFirst(), all.getLast()));
    }

    @Test
    void a_service_s_own_name_server_is_asked_and_a_dead_one_takes_no_container_s_name() throws IOException {
        var gateway = bridge("front", Map.of()).gateways().getFirst().toString();
        var web = networks.attach(new AttachRequest(
                "web",
                new LeaseKey("shop", "web", 1),
                List.of(on("front")),
                List.of("web"),
                List.of(PrivateHost.OUTSIDE)));
        try (var socket = host.namespaces.inside(
                host.outside, () -> new DatagramSocket(53, InetAddress.getByName(PrivateHost.OUTSIDE)))) {
            Thread.ofVirtual().start(() -> answerAll(socket, new byte[] {(byte) 192, 0, 2, 7}));
            await().untilAsserted(() -> assertThat(host.resolve(web.namespace(), gateway, "example.test"))
                    .containsExactly("192.0.2.7"));
        }
        // Nobody is there any more: the host is offline.
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "web")).containsExactly(first(web)));
    }

    /** A name server that knows one address. */
    private static void answerAll(DatagramSocket socket, byte[] address) {
        try {
            while (true) {
                var question = new DatagramPacket(new byte[512], 512);
                socket.receive(question);
                var answer = DnsMessage.answer(question.getData(), true, address);
                socket.send(new DatagramPacket(answer, answer.length, question.getSocketAddress()));
            }
        } catch (IOException e) {
            // The test has closed it.
        }
    }

    @Test
    void macvlan_containers_are_machines_of_the_outer_network() throws IOException {
        var lan = create("lan", "macvlan", Optional.of("203.0.113.0/24"), Map.of("parent", "ext0"));
        bridge("front", Map.of());
        var web = attach("web", fixed("lan", "203.0.113.50"));
        var app = attach("app", fixed("lan", "203.0.113.51"), on("front"));
        host.serve(web.namespace(), "web", 80);
        host.serve(host.outside, "outside", 80);

        assertThat(host.tcp(web.namespace(), PrivateHost.OUTSIDE, 80)).isEqualTo("outside 203.0.113.50");
        assertThat(host.tcp(host.outside, "203.0.113.50", 80)).isEqualTo("web " + PrivateHost.OUTSIDE);
        assertThat(host.tcp(app.namespace(), "203.0.113.50", 80)).isEqualTo("web 203.0.113.51");
        assertThat(host.dropped(host.home(), "203.0.113.50", 80)).isTrue();
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::intact);
        assertThat(networks.observe("web").orElseThrow().intact()).isTrue();
        assertThatThrownBy(() -> networks.publish("web", List.of(tcp(8080))))
                .hasMessageContaining("has no network that ports could be published from");

        // Somebody takes the interface away; it is missed and comes back.
        inside(web, links -> links.deleteLink("eth0"));
        assertThat(networks.observe("web").orElseThrow().missingNetworks()).containsExactly("lan");
        networks.updateAttachments(request("web", fixed("lan", "203.0.113.50")));
        assertThat(host.tcp(web.namespace(), PrivateHost.OUTSIDE, 80)).isEqualTo("outside 203.0.113.50");

        // And live: off the one, onto the other.
        var moved = networks.updateAttachments(request("web", on("front")));
        assertThat(links(moved)).containsExactly("eth0", "lo");
        assertThat(host.dropped(host.outside, "203.0.113.50", 80)).isTrue();
        assertThat(lan.bridge()).isEqualTo("ext0");
    }

    @Test
    void containers_of_a_macvlan_alone_find_each_other_by_name_and_get_no_way_that_they_had_not() throws IOException {
        create("lan", "macvlan", Optional.of("203.0.113.0/24"), Map.of("parent", "ext0"));
        bridge("front", Map.of());
        var web = networks.attach(new AttachRequest(
                "web",
                new LeaseKey("shop", "web", 1),
                List.of(fixed("lan", "203.0.113.50")),
                List.of("web"),
                List.of(PrivateHost.OUTSIDE)));
        var app = attach("app", fixed("lan", "203.0.113.51"));
        attach("front", on("front"));
        assertThat(web.nameServers()).containsExactly(OwnNameServers.ADDRESS);
        // The container's own server at port 53 is in nobody's way, nor is ours in its.
        host.serve(web.namespace(), "web's own", 53);

        for (var tcp : List.of(false, true)) {
            assertThat(host.ask(web.namespace(), OwnNameServers.ADDRESS, "app.lan", DnsMessage.A, tcp))
                    .contains(new DnsMessage(0, List.of("203.0.113.51")));
            assertThat(host.ask(app.namespace(), OwnNameServers.ADDRESS, "WEB", DnsMessage.A, tcp))
                    .contains(new DnsMessage(0, List.of("203.0.113.50")));
        }
        assertThat(host.ask(
                        app.namespace(),
                        OwnNameServers.ADDRESS,
                        DnsMessage.reverse("203.0.113.50"),
                        DnsMessage.PTR,
                        false))
                .hasValueSatisfying(answer -> assertThat(answer.records()).contains("web"));
        assertThat(host.resolve(app.namespace(), OwnNameServers.ADDRESS, "front"))
                .isEmpty();
        assertThat(host.tcp(app.namespace(), "203.0.113.50", 53)).isEqualTo("web's own 203.0.113.51");
        assertThat(host.dropped(web.namespace(), PrivateHost.OWN, 81)).isTrue();

        // Other names: by the container's own way, and of its own servers.
        try (var socket = host.namespaces.inside(
                host.outside, () -> new DatagramSocket(53, InetAddress.getByName(PrivateHost.OUTSIDE)))) {
            Thread.ofVirtual().start(() -> answerAll(socket, new byte[] {(byte) 192, 0, 2, 7}));
            await().untilAsserted(
                            () -> assertThat(host.resolve(web.namespace(), OwnNameServers.ADDRESS, "example.test"))
                                    .containsExactly("192.0.2.7"));
        }
        assertThat(links(web)).containsExactly("eth0", "lo");

        // It follows who comes and goes, and one that is killed is started again.
        var late = attach("late", fixed("lan", "203.0.113.52"));
        await().untilAsserted(() -> assertThat(host.resolve(web.namespace(), OwnNameServers.ADDRESS, "late"))
                .containsExactly(first(late)));
        networks.detach("late");
        await().untilAsserted(() -> assertThat(host.resolve(web.namespace(), OwnNameServers.ADDRESS, "late"))
                .isEmpty());
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::intact);
        try (var server = host.names.ownServers().process("web").orElseThrow()) {
            server.send(Signal.KILL);
            assertThat(host.namespaces.home(() -> server.awaitExit(Duration.ofSeconds(10))))
                    .isTrue();
        }
        assertThat(networks.observe().networks())
                .filteredOn(network -> !network.intact())
                .extracting(network -> network.record().name())
                .containsExactly("lan");
        assertThat(networks.mendNames()).isTrue();
        assertThat(networks.mendNames()).isFalse();
        assertThat(host.resolve(web.namespace(), OwnNameServers.ADDRESS, "app")).containsExactly("203.0.113.51");
        try (var server = host.names.ownServers().process("web").orElseThrow()) {
            server.send(Signal.KILL);
            host.namespaces.home(() -> server.awaitExit(Duration.ofSeconds(10)));
        }
        assertThat(networks.mend()).containsExactly("network lan: its name server had been taken away and put back");
        assertThat(host.resolve(web.namespace(), OwnNameServers.ADDRESS, "app")).containsExactly("203.0.113.51");

        // With a bridge beside it: names of both.
        var both = networks.updateAttachments(request("app", fixed("lan", "203.0.113.51"), on("front")));
        assertThat(both.nameServers()).containsExactly(OwnNameServers.ADDRESS);
        await().untilAsserted(() -> assertThat(host.resolve(both.namespace(), OwnNameServers.ADDRESS, "front"))
                .hasSize(1));
        assertThat(host.resolve(both.namespace(), OwnNameServers.ADDRESS, "web"))
                .containsExactly("203.0.113.50");
    }

    private static AttachmentSpec fixed(String network, String address) {
        return new AttachmentSpec(network, List.of(), List.of(IpAddress.parse(address)), 0);
    }

    @Test
    void a_vlan_is_made_for_its_networks_and_goes_with_the_last() throws IOException {
        var spec = spec("lan", "macvlan", Map.of("parent", "ext0.10"));
        if (!has("vlan")) {
            assertThat(networks.conflictOf(spec))
                    .contains("this host's kernel has no VLANs, and there is no link ext0.10");
            return;
        }
        host.namespaces.inside(host.outside, () -> {
            try (var links = Rtnetlink.open()) {
                links.createVlan("eth0.10", "a VLAN of the other machine", links.index("eth0"), 10);
                links.addAddress(
                        links.index("eth0.10"),
                        IpAddress.parse("10.77.0.2").bytes(),
                        24,
                        IpAddress.parse("10.77.0.255").bytes());
            }
            return Optional.empty();
        });
        create("lan", "macvlan", Optional.of("10.77.0.0/24"), Map.of("parent", "ext0.10", "macvlan_mode", "bridge"));
        create("other", "macvlan", Optional.of("10.78.0.0/24"), Map.of("parent", "ext0.10"));
        var web = attach("web", fixed("lan", "10.77.0.50"));
        host.serve(host.outside, "10.77.0.2", "outside", 80);

        assertThat(host.tcp(web.namespace(), "10.77.0.2", 80)).isEqualTo("outside 10.77.0.50");
        networks.detach("web");
        networks.remove("other");
        assertThat(host.linkNames()).contains("ext0.10");
        networks.remove("lan");
        assertThat(host.linkNames()).doesNotContain("ext0.10");
    }

    @Test
    void what_the_host_has_not_got_is_said_before_anything_is_made() throws IOException {
        var nowhere = spec("lan", "macvlan", Map.of("parent", "ext9"));
        var tagged = spec("lan", "macvlan", Map.of("parent", "ext9.10"));
        var ipvlan = spec("lan", "ipvlan", Map.of("parent", "ext0"));

        assertThat(networks.conflictOf(nowhere)).contains("there is no link ext9 on this host, which its parent is");
        assertThat(networks.conflictOf(tagged))
                .contains("there is no link ext9 on this host, which its parent ext9.10 is a VLAN of");
        assertThatThrownBy(() -> networks.create(nowhere)).hasMessageContaining("there is no link ext9");
        assertThat(has("nonsense")).isFalse();
        assertThat(networks.conflictOf(ipvlan))
                .isEqualTo(has("ipvlan") ? Optional.empty() : Optional.of("this host's kernel has no ipvlan"));
        assertThat(networks.list()).isEmpty();
    }

    private boolean has(String kind) throws IOException {
        return host.namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.hasKind(kind);
            }
        });
    }

    private static NetworkSpec spec(String name, String driver, Map<String, String> options) {
        return new NetworkSpec(
                name,
                OWNER,
                options.containsValue("isolated"),
                true,
                false,
                List.of(),
                Optional.empty(),
                options,
                Map.of(),
                driver,
                false);
    }
}
