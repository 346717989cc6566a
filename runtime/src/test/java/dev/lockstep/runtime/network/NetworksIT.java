package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.management.OperatingSystemMXBean;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The whole room on a host of its own. */
class NetworksIT extends OnPrivateHost {
    @Test
    void containers_of_one_network_reach_each_other_and_the_world_and_know_their_names() throws IOException {
        networks.create(network("front"));
        var web = attach("c1", "web", "front");
        var app = attach("c2", "app", "front");
        host.serve(app.namespace(), "app", 80);
        host.serve(host.outside, "outside", 80);
        var gateway = web.main().orElseThrow().gateway().orElseThrow().toString();

        assertThat(host.tcp(web.namespace(), address(app), 80)).isEqualTo("app " + address(web));
        assertThat(host.tcp(web.namespace(), PrivateHost.OUTSIDE, 80)).isEqualTo("outside " + PrivateHost.OWN);
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "app")).containsExactly(address(app)));
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "APP.front")).containsExactly(address(app)));
        assertThat(host.resolve(web.namespace(), gateway, "nobody")).isEmpty();
        assertThat(web.nameServers()).containsExactly(gateway);
    }

    @Test
    void a_network_is_whole_to_whoever_looks_while_containers_come_and_go() throws Exception {
        networks.create(network("front"));
        var over = new AtomicBoolean();
        var coming = new FutureTask<>(() -> {
            for (var times = 0; times < 30; times++) {
                attach("c1", "web", "front");
                networks.detach("c1");
            }
            over.set(true);
            return Optional.empty();
        });
        Thread.ofPlatform().start(coming);
        var broken = 0;
        var looks = 0;
        while (!over.get() && !coming.isDone()) {
            looks++;
            broken += networks.observe().networks().getFirst().intact() ? 0 : 1;
        }
        coming.get();

        assertThat(broken).as("of %d looks", looks).isZero();
        assertThat(looks).isGreaterThan(10);
    }

    @Test
    void networks_do_not_reach_each_other_nor_does_the_outside_reach_container_addresses() throws IOException {
        networks.create(network("front"));
        networks.create(network("back"));
        var web = attach("c1", "web", "front");
        var app = attach("c2", "app", "back");
        host.serve(app.namespace(), "app", 80);

        assertThat(host.dropped(web.namespace(), address(app), 80)).isTrue();
        assertThat(host.dropped(host.outside, address(app), 80)).isTrue();
        assertThat(host.tcp(host.home(), address(app), 80)).startsWith("app ");
        var gateway = web.main().orElseThrow().gateway().orElseThrow().toString();
        assertThat(host.resolve(web.namespace(), gateway, "app")).isEmpty();
    }

    @Test
    void a_published_port_is_reached_from_everywhere_and_keeps_the_clients_address() throws IOException {
        networks.create(network("front"));
        networks.create(network("back"));
        var web = attach("c1", "web", "front");
        var neighbour = attach("c2", "neighbour", "front");
        var other = attach("c3", "other", "back");
        host.serve(web.namespace(), "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80), tcp("127.0.0.1", 8081, 80), udp(5353, 80)));
        var gateway = web.main().orElseThrow().gateway().orElseThrow().toString();

        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
        assertThat(host.udp(host.outside, PrivateHost.OWN, 5353)).isEqualTo("web " + PrivateHost.OUTSIDE);
        assertThat(host.tcp(host.home(), "127.0.0.1", 8080)).isEqualTo("web " + gateway);
        assertThat(host.tcp(host.home(), "127.0.0.1", 8081)).isEqualTo("web " + gateway);
        assertThat(host.tcp(host.home(), PrivateHost.OWN, 8080)).startsWith("web ");
        assertThat(host.tcp(web.namespace(), PrivateHost.OWN, 8080)).isEqualTo("web " + gateway);
        assertThat(host.tcp(neighbour.namespace(), PrivateHost.OWN, 8080)).isEqualTo("web " + gateway);
        assertThat(host.tcp(other.namespace(), PrivateHost.OWN, 8080)).isEqualTo("web " + address(other));
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8081)).isEqualTo("ConnectException");
        assertThat(host.dropped(host.outside, address(web), 80)).isTrue();

        networks.unpublish("c1");
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("ConnectException");
        assertThat(networks.published("c1")).isEmpty();
    }

    @Test
    void an_internal_network_has_no_way_in_or_out() throws IOException {
        networks.create(
                new NetworkSpec("vault", OWNER, true, true, false, List.of(), Optional.empty(), Map.of(), Map.of()));
        networks.create(network("front"));
        var db = attach("c1", "db", "vault");
        var web = attach("c2", "web", "front");
        host.serve(db.namespace(), "db", 80);
        host.serve(host.outside, "outside", 80);
        // A container with NET_ADMIN gives itself a way out.
        host.namespaces.inside(db.namespace(), () -> {
            try (var links = Rtnetlink.open()) {
                links.replaceDefaultRoute(
                        links.index("eth0"),
                        db.main().orElseThrow().gateway().orElseThrow().bytes());
            }
            return Optional.empty();
        });

        assertThat(host.dropped(db.namespace(), PrivateHost.OUTSIDE, 80)).isTrue();
        assertThat(host.dropped(web.namespace(), address(db), 80)).isTrue();
        assertThat(host.dropped(host.outside, address(db), 80)).isTrue();
        assertThat(host.tcp(host.home(), address(db), 80)).startsWith("db ");
    }

    @Test
    void names_are_answered_although_a_stack_publishes_53_and_the_host_has_a_server_there() throws IOException {
        host.serve(host.home(), "host-dns", 53);
        networks.create(network("front"));
        var dns = attach("c1", "dns", "front");
        var web = attach("c2", "web", "front");
        host.serve(dns.namespace(), "container-dns", 53);
        // The host's server is on 53 already, so only another address can be published; the gateways' are in question.
        var gateway = web.main().orElseThrow().gateway().orElseThrow().toString();
        assertThatThrownBy(() -> networks.publish("c1", List.of(udp(53, 53))))
                .isInstanceOf(PortConflictException.class);

        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "dns")).containsExactly(address(dns)));
    }

    @Test
    void names_are_answered_although_53_is_published() throws IOException {
        networks.create(network("front"));
        var dns = attach("c1", "dns", "front");
        var web = attach("c2", "web", "front");
        host.serve(dns.namespace(), "container-dns", 53);
        networks.publish("c1", List.of(udp(53, 53), tcp(53, 53)));
        var gateway = web.main().orElseThrow().gateway().orElseThrow().toString();

        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "dns")).containsExactly(address(dns)));
        assertThat(host.udp(host.outside, PrivateHost.OWN, 53)).isEqualTo("container-dns " + PrivateHost.OUTSIDE);
    }

    @Test
    void moving_a_udp_port_takes_established_flows_along() throws IOException {
        networks.create(network("front"));
        var old = attach("c1", "web", "front");
        var young = networks.attach(request("c2", "web", "front"));
        host.serve(old.namespace(), "old", 80);
        host.serve(young.namespace(), "young", 80);
        networks.publish("c1", List.of(udp(9000, 80), tcp(9000, 80)));
        try (var client = host.udpSocket(host.outside)) {
            assertThat(host.udp(client, PrivateHost.OWN, 9000)).startsWith("old ");

            networks.movePorts("c1", "c2");

            assertThat(host.udp(client, PrivateHost.OWN, 9000)).startsWith("young ");
            assertThat(host.tcp(host.outside, PrivateHost.OWN, 9000)).startsWith("young ");
        }
        assertThat(networks.published("c1")).isEmpty();
        assertThat(networks.published("c2")).hasSize(2);
    }

    @Test
    void a_slot_keeps_its_address_from_container_to_container_and_a_second_container_gets_its_own() throws IOException {
        networks.create(network("front"));
        var first = attach("c1", "web", "front");
        var beside = networks.attach(request("c2", "web", "front"));
        assertThat(address(beside)).isNotEqualTo(address(first));
        networks.detach("c2");
        networks.detach("c1");
        var successor = attach("c3", "web", "front");
        assertThat(address(successor)).isIn(address(first), address(beside));
        networks.detach("c3");
        networks.release(new LeaseKey("shop", "web", 1));
        assertThat(networks.find("front").orElseThrow().leases()).isEmpty();
    }

    @Test
    void an_address_that_is_reserved_is_given_to_nobody_else_and_one_that_cannot_be_had_is_left_out()
            throws IOException {
        networks.create(network("fixed", "10.213.9.0/24"));
        var db = new LeaseKey("shop", "db", 1);
        networks.reserve(
                "fixed",
                Map.of(
                        IpAddress.parse("10.213.9.2"),
                        db,
                        IpAddress.parse("10.213.9.1"),
                        new LeaseKey("shop", "gateway", 1)));
        networks.reserve("none", Map.of(IpAddress.parse("10.213.9.2"), db));

        assertThat(address(attach("c1", "app", "fixed"))).isEqualTo("10.213.9.3");
        networks.reserve("fixed", Map.of(IpAddress.parse("10.213.9.3"), db));
        assertThat(networks.find("fixed").orElseThrow().leases())
                .extracting(lease -> lease.key().service() + " " + lease.address())
                .containsExactly("db 10.213.9.2", "app 10.213.9.3");
    }

    @Test
    void who_leaves_a_network_leaves_his_address_there() throws IOException {
        networks.create(network("front"));
        networks.create(network("fixed", "10.213.9.0/24"));
        var both = new AttachRequest(
                "c1",
                new LeaseKey("shop", "web", 1),
                List.of(
                        new AttachmentSpec("front", List.of(), List.of(), 0),
                        new AttachmentSpec("fixed", List.of(), List.of(IpAddress.parse("10.213.9.5")), 0)),
                List.of("web"),
                List.of());
        networks.attach(both);

        networks.updateAttachments(request("c1", "web", "front"));
        assertThat(networks.find("fixed").orElseThrow().leases()).isEmpty();
        assertThat(networks.find("front").orElseThrow().leases()).hasSize(1);
        // Left by an earlier version, which kept it.
        networks.reserve("fixed", Map.of(IpAddress.parse("10.213.9.5"), new LeaseKey("shop", "web", 1)));

        var db = new AttachRequest(
                "c2",
                new LeaseKey("shop", "db", 1),
                List.of(new AttachmentSpec("fixed", List.of(), List.of(IpAddress.parse("10.213.9.5")), 0)),
                List.of("db"),
                List.of());
        assertThat(address(networks.attach(db))).isEqualTo("10.213.9.5");
        // Of who is on it nothing is given free.
        networks.release("fixed", db.key());
        assertThatThrownBy(() -> networks.updateAttachments(both))
                .hasMessageContaining("belongs to db 1 of stack shop");
    }

    @Test
    void an_address_that_is_given_free_waits_for_no_disk_and_is_free_for_good_when_settled() throws IOException {
        networks.create(network("front"));
        attach("c1", "web", "front");
        networks.detach("c1");
        networks.settle();
        var record = host.root
                .state()
                .resolve("networks/" + networks.find("front").orElseThrow().id() + "/record.json");
        var durable = Files.readString(record);
        assertThat(durable).contains("\"web\"");

        networks.release(new LeaseKey("shop", "web", 1));
        assertThat(Files.readString(record)).isEqualTo(durable);
        assertThat(networks.find("front").orElseThrow().leases()).isEmpty();
        networks.settle();
        assertThat(Files.readString(record)).doesNotContain("\"web\"");
    }

    @Test
    void an_address_that_is_given_free_on_one_network_waits_for_no_disk_either() throws IOException {
        var web = new LeaseKey("shop", "web", 1);
        networks.create(network("fixed", "10.213.9.0/24"));
        networks.reserve("fixed", Map.of(IpAddress.parse("10.213.9.5"), web));
        var record = host.root
                .state()
                .resolve("networks/" + networks.find("fixed").orElseThrow().id() + "/record.json");
        var durable = Files.readString(record);
        assertThat(durable).contains("\"web\"");

        networks.release("fixed", web);
        assertThat(Files.readString(record)).isEqualTo(durable);
        assertThat(networks.find("fixed").orElseThrow().leases()).isEmpty();
        networks.settle();
        assertThat(Files.readString(record)).doesNotContain("\"web\"");
    }

    @Test
    void attaching_twice_changes_nothing() throws IOException {
        networks.create(network("front"));
        var first = attach("c1", "web", "front");
        assertThat(host.networks().attach(request("c1", "web", "front"))).isEqualTo(first);
    }

    @Test
    void a_running_container_is_connected_disconnected_and_renamed() throws IOException {
        networks.create(network("front"));
        networks.create(network("back"));
        var app = attach("c2", "app", "back");
        var web = attach("c1", "web", "front");
        host.serve(app.namespace(), "app", 80);
        host.serve(web.namespace(), "web", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));

        var both = networks.updateAttachments(new AttachRequest(
                "c1",
                new LeaseKey("shop", "web", 1),
                List.of(
                        new AttachmentSpec("front", List.of(), List.of(), 0),
                        new AttachmentSpec("back", List.of("shopfront"), List.of(), 10)),
                List.of("web"),
                List.of()));
        assertThat(both.endpoints()).extracting(Endpoint::network).containsExactly("back", "front");
        assertThat(both.endpoints()).extracting(Endpoint::interfaceName).containsExactly("eth1", "eth0");
        assertThat(host.tcp(web.namespace(), address(app), 80)).startsWith("app ");
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
        await().untilAsserted(() -> assertThat(host.resolve(
                        app.namespace(),
                        app.main().orElseThrow().gateway().orElseThrow().toString(),
                        "shopfront"))
                .containsExactly(address(both)));

        var one = networks.updateAttachments(request("c1", "web", "front"));
        assertThat(one.endpoints()).extracting(Endpoint::network).containsExactly("front");
        assertThat(address(one)).isEqualTo(address(web));
        assertThat(host.dropped(web.namespace(), address(app), 80)).isTrue();
        assertThat(host.tcp(host.outside, PrivateHost.OWN, 8080)).isEqualTo("web " + PrivateHost.OUTSIDE);
    }

    @Test
    void names_of_a_container_that_does_not_answer_vanish_and_come_back() throws IOException {
        networks.create(network("front"));
        var web = attach("c1", "web", "front");
        var gateway = web.main().orElseThrow().gateway().orElseThrow().toString();
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "web")).hasSize(1));
        networks.answer("c1", false);
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "web")).isEmpty());
        networks.answer("c1", true);
        await().untilAsserted(() ->
                assertThat(host.resolve(web.namespace(), gateway, "web")).hasSize(1));
    }

    @Test
    void a_network_that_is_replaced_is_not_in_its_own_way_and_what_cannot_be_had_takes_nobody_off() throws IOException {
        networks.create(network("front", "10.77.2.0/24"));
        networks.create(network("back", "10.77.4.0/24"));
        attach("c1", "web", "front");

        assertThatThrownBy(() -> networks.replace(network("front", "10.77.4.0/25")))
                .isInstanceOf(NetworkException.class)
                .hasMessage("network front: subnet 10.77.4.0/25 overlaps network back (10.77.4.0/24)");
        assertThat(networks.attached("c1").orElseThrow().endpoints()).hasSize(1);
        assertThat(networks.observe("c1").orElseThrow().intact()).isTrue();

        assertThat(networks.replace(network("front", "10.77.2.0/23"))).containsExactly("c1");
        assertThat(networks.attached("c1").orElseThrow().endpoints()).isEmpty();
        networks.updateAttachments(request("c1", "web", "front"));
        assertThat(networks.attached("c1")
                        .orElseThrow()
                        .main()
                        .orElseThrow()
                        .addresses()
                        .getFirst()
                        .subnet())
                .hasToString("10.77.2.0/23");
        assertThat(networks.observe("c1").orElseThrow().intact()).isTrue();
    }

    @Test
    void a_network_that_the_host_must_refuse_stays_as_it_was() throws IOException {
        networks.create(network("front", "10.77.2.0/24"));
        networks.create(network("back", "10.77.4.0/24"));
        attach("c1", "web", "front");
        var db = attach("c2", "db", "front");
        host.serve(db.namespace(), "db", 80);

        for (var name : List.of("ext0", networks.find("back").orElseThrow().bridge())) {
            var spec = bridgeCalled(name);
            assertThat(networks.conflictOf(spec).orElseThrow()).contains(name);
            assertThatThrownBy(() -> networks.replace(spec))
                    .isInstanceOf(NetworkException.class)
                    .hasMessageContaining(name);
        }
        assertThat(networks.observe("c1").orElseThrow().intact()).isTrue();
        assertThat(host.tcp(
                        networks.namespace("c1"),
                        db.main().orElseThrow().addresses().getFirst().address().toString(),
                        80))
                .startsWith("db ");
        // Its own bridge, or its own name for it, is not in its way.
        assertThat(networks.conflictOf(
                        bridgeCalled(networks.find("front").orElseThrow().bridge())))
                .isEmpty();
        networks.detach("c1");
        networks.detach("c2");
    }

    @Test
    void a_bridge_does_not_take_the_name_of_a_link_that_is_somebody_else_s() throws IOException {
        assertThat(networks.conflictOf(bridgeCalled("ext0")))
                .contains("it wants the bridge ext0, and a link of that name is there that is not Lockstep's");
        assertThatThrownBy(() -> networks.create(bridgeCalled("ext0")))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("it wants the bridge ext0");
        assertThat(networks.list()).isEmpty();
    }

    private static NetworkSpec bridgeCalled(String name) {
        return new NetworkSpec(
                "front",
                OWNER,
                false,
                true,
                false,
                List.of(SubnetSpec.of(Cidr.parse("10.77.2.0/24"))),
                Optional.empty(),
                Map.of("com.docker.network.bridge.name", name),
                Map.of());
    }

    @Test
    void a_port_in_use_names_the_process_or_the_container_and_changes_nothing() throws IOException {
        networks.create(network("front"));
        attach("c1", "web", "front");
        attach("c2", "app", "front");
        host.serve(host.home(), "mine", 8080);
        var me = ProcessHandle.current().pid();
        assertThatThrownBy(() -> networks.publish("c1", List.of(tcp(8090, 80), tcp(8080, 80))))
                .isInstanceOf(PortConflictException.class)
                .hasMessageContaining("port 0.0.0.0:8080/tcp is in use by process " + me + " (java)");
        assertThat(networks.published("c1")).isEmpty();
        assertThat(networks.holderOf(udp(8080, 80), Set.of(AddressFamily.IPV4), ""))
                .isPresent();

        networks.publish("c1", List.of(tcp(8090, 80)));
        assertThat(networks.publish("c1", List.of(tcp(8090, 80)))).containsExactly(tcp(8090, 80));
        assertThatThrownBy(() -> networks.publish("c2", List.of(tcp(PrivateHost.OWN, 8090, 80))))
                .hasMessage("port " + PrivateHost.OWN + ":8090/tcp is in use by container c1");
        assertThatThrownBy(() -> networks.publish("c2", List.of(tcp("198.51.100.7", 8091, 80))))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("has no address 198.51.100.7");
        assertThat(networks.holderOf(tcp(8090, 80), Set.of(AddressFamily.IPV4), "c1"))
                .isEmpty();
    }

    @Test
    void of_a_range_the_first_port_is_taken_that_is_free_and_kept() throws IOException {
        networks.create(network("front"));
        attach("c1", "web", "front");
        attach("c2", "app", "front");
        attach("c3", "job", "front");
        host.serve(host.home(), "mine", 8081);
        var any = new PublishedPort(
                Optional.empty(),
                Optional.empty(),
                80,
                TransportProtocol.TCP,
                Optional.of(new PublishedPort.Choice(8080, 8082, 8080)));

        assertThat(networks.publish("c1", List.of(any))).containsExactly(tcp(8080, 80));
        assertThat(networks.publish("c2", List.of(any, udp(8080, 80)))).contains(tcp(8082, 80));
        assertThat(networks.publish("c2", List.of(any))).containsExactly(tcp(8082, 80));
        assertThatThrownBy(() -> networks.publish("c3", List.of(any)))
                .hasMessage("no port from 8080 to 8082 is free for 0.0.0.0:8080-8082->80/tcp");
        networks.publish("c1", List.of());
        assertThat(networks.publish("c3", List.of(any))).containsExactly(tcp(8080, 80));
        // What is published is no port of another range.
        assertThat(networks.publish(
                        "c2",
                        List.of(new PublishedPort(
                                Optional.empty(),
                                Optional.empty(),
                                80,
                                TransportProtocol.TCP,
                                Optional.of(new PublishedPort.Choice(8090, 8092, 8091))))))
                .containsExactly(tcp(8091, 80));
    }

    @Test
    void a_port_without_a_number_gets_a_free_one_and_keeps_it() throws IOException {
        networks.create(network("front"));
        var web = attach("c1", "web", "front");
        host.serve(web.namespace(), "web", 80);
        var any = new PublishedPort(Optional.empty(), Optional.empty(), 80, TransportProtocol.TCP);
        var chosen = networks.publish("c1", List.of(any));
        assertThat(networks.publish("c1", List.of(any))).isEqualTo(chosen);
        var port = chosen.getFirst().hostPort().orElseThrow();
        assertThat(port).isGreaterThanOrEqualTo(49152);
        assertThat(host.tcp(host.outside, PrivateHost.OWN, port)).isEqualTo("web " + PrivateHost.OUTSIDE);
    }

    @Test
    void a_missing_network_or_an_impossible_address_is_refused_and_nothing_remains() throws IOException {
        networks.create(network("front"));
        networks.create(network("fixed", "10.78.0.0/24"));
        assertThatThrownBy(() -> networks.attach(request("c1", "web", "nowhere")))
                .hasMessage("container c1 wants network nowhere, which does not exist");
        assertThatThrownBy(() -> networks.attach(fixed("c1", "front", "10.1.1.1")))
                .hasMessageContaining("no configured subnet");
        assertThatThrownBy(() -> networks.attach(fixed("c1", "fixed", "10.78.0.1")))
                .hasMessageContaining("no free host address of network fixed");
        assertThat(networks.attached("c1")).isEmpty();
        var ok = networks.attach(fixed("c1", "fixed", "10.78.0.9"));
        assertThat(address(ok)).isEqualTo("10.78.0.9");
        assertThatThrownBy(() -> networks.remove("fixed")).hasMessage("network fixed has containers: c1");
    }

    @Test
    void connections_through_a_port_go_on_being_made_while_it_moves() throws Exception {
        networks.create(dual("front", false));
        var old = attach("c1", "web", "front");
        var young = networks.attach(request("c2", "web", "front"));
        host.serve(old.namespace(), "::", "old", 80);
        host.serve(young.namespace(), "::", "young", 80);
        networks.publish("c1", List.of(tcp(8080, 80)));
        var seen = new ConcurrentHashMap<String, Integer>();
        var done = new AtomicBoolean();
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            var client = clients.submit(() -> {
                while (!done.get()) {
                    for (var own : List.of(PrivateHost.OWN, PrivateHost.OWN6)) {
                        seen.merge(host.tcp(host.outside, own, 8080).split(" ", 2)[0], 1, Integer::sum);
                    }
                }
                return seen;
            });
            for (var move = 0; move < 20; move++) {
                networks.movePorts(move % 2 == 0 ? "c1" : "c2", move % 2 == 0 ? "c2" : "c1");
            }
            await().until(() -> seen.containsKey("old"));
            networks.movePorts("c1", "c2");
            await().until(() -> seen.containsKey("young"));
            done.set(true);
            client.get();
        }
        assertThat(seen).containsOnlyKeys("old", "young");
    }

    @Test
    void moving_a_udp_port_of_ipv6_takes_flows_along_and_connections_to_who_is_gone_are_cut() throws IOException {
        networks.create(dual("front", false));
        var old = attach("c1", "web", "front");
        var young = networks.attach(request("c2", "web", "front"));
        host.serve(old.namespace(), "::", "old", 80);
        host.serve(young.namespace(), "::", "young", 80);
        networks.publish("c1", List.of(udp(9000, 80), tcp(9001, 81)));
        try (var udp = host.udpSocket(host.outside);
                var listener = host.namespaces.inside(
                        old.namespace(), () -> new ServerSocket(81, 5, InetAddress.getByName("::")));
                var tcp = host.namespaces.inside(host.outside, () -> new Socket(PrivateHost.OWN6, 9001));
                var accepted = listener.accept()) {
            assertThat(host.udp(udp, PrivateHost.OWN6, 9000)).startsWith("old ");
            networks.movePorts("c1", "c2");
            assertThat(host.udp(udp, PrivateHost.OWN6, 9000)).startsWith("young ");

            networks.detach("c2");
            tcp.setSoTimeout(20_000);
            tcp.getOutputStream().write('x');
            assertThatThrownBy(() -> tcp.getInputStream().read()).hasMessageContaining("reset");
            assertThat(accepted.isConnected()).isTrue();
        }
    }

    /**
     * {@code lockstep.count} is the number of networks. Rules are loaded as a whole, in proportion to how many there
     * are: seven times as many in the last quarter as in the first.
     */
    @Test
    void many_networks_come_and_go_and_leak_nothing() throws IOException {
        var count = Integer.getInteger("lockstep.count", 10);
        var before = ruleset();
        var spent = new ArrayList<Long>(List.of(processorTime()));
        for (var i = 0; i < count; i++) {
            networks.create(dual("n" + i, i % 3 == 0));
            spent.add(processorTime());
        }
        if (count >= 100) {
            var quarter = count / 4;
            var first = spent.get(quarter) - spent.getFirst();
            var last = spent.getLast() - spent.get(count - quarter);
            System.out.println("processor time of a network: " + first / quarter / 1_000_000
                    + " ms of the first quarter, " + last / quarter / 1_000_000 + " ms of the last of " + count);
            assertThat(last).isLessThan(8 * first);
        }
        assertThat(networks.list().stream().flatMap(n -> n.subnets().stream()).map(Subnet::range))
                .hasSize(2 * count)
                .doesNotHaveDuplicates();
        assertThat(networks.observe().networks()).allMatch(ObservedNetwork::intact);
        for (var i = 0; i < count; i++) {
            networks.remove("n" + i);
        }
        assertThat(ruleset()).isEqualTo(before);
        assertThat(host.linkNames()).containsExactly("ext0", "ext1", "lo");
        try (var left = Files.list(host.root.state().resolve("networks"))) {
            assertThat(left).isEmpty();
        }
        assertThat(networks.cleanUp(_ -> false)).isZero();
    }

    /** Of this process, in nanoseconds: the time of a busy machine's clock says little. */
    private static long processorTime() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    private static AttachRequest fixed(String container, String network, String address) {
        return new AttachRequest(
                container,
                new LeaseKey("shop", "web", 1),
                List.of(new AttachmentSpec(network, List.of(), List.of(IpAddress.parse(address)), 0)),
                List.of("web"),
                List.of());
    }
}
