package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.RawFrames;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Sysctls;
import dev.lockstep.runtime.network.PrivateHost.Attempt;
import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Who reaches whom, and who must not: two networks of both families, an internal one, one of IPv6 alone, the host, and
 * another machine that has routes straight to all of them. The world is made once; the tests do not change it, or put
 * it back.
 */
class ReachIT {
    private static final int UDP = 0x0800;
    private static final int UDP6 = 0x86dd;
    private static final int ARP = 0x0806;
    /** Tags of IEEE 802.1Q, of customers and of providers. */
    private static final int Q = 0x8100;

    private static final int AD = 0x88a8;
    private static final String BRIDGE = "com.docker.network.bridge.";
    private static final List<String> OWN = List.of(PrivateHost.OWN, PrivateHost.OWN6);
    private static final List<String> OUTSIDE = List.of(PrivateHost.OUTSIDE, PrivateHost.OUTSIDE6);

    @TempDir
    static Path directory;

    private static PrivateHost host;
    private static Attached web;
    private static Attached mate;
    private static Attached other;
    private static Attached db;
    private static Attached lone;
    /** Of networks with other rules than usual: their neighbours do not reach them, see {@link #makeModes}. */
    private static Attached apart;

    private static Attached apartToo;
    private static Attached open;
    private static Attached routed;
    private static Attached sealed;
    private static Attached sealedToo;

    @BeforeAll
    static void makeWorld() throws IOException {
        host = new PrivateHost(directory);
        var networks = host.networks;
        networks.create(network("front", false, true));
        networks.create(network("back", false, true));
        networks.create(network("vault", true, true));
        networks.create(network("six", false, false));
        web = attach("web", "front");
        mate = attach("mate", "front");
        other = attach("other", "back");
        db = attach("db", "vault");
        lone = attach("lone", "six");
        for (var container : List.of(web, mate, other, db, lone)) {
            host.serve(container.namespace(), "::", container.container(), 80);
        }
        host.serve(host.outside, "::", "outside", 80);
        host.serve(host.home(), "127.0.0.1", "loopback", 9000);
        host.serve(host.home(), "::1", "loopback", 9001);
        networks.publish(
                "web",
                List.of(
                        port(Optional.empty(), 8080, TransportProtocol.TCP),
                        port(Optional.empty(), 8080, TransportProtocol.UDP),
                        port(Optional.of("127.0.0.1"), 8081, TransportProtocol.TCP),
                        port(Optional.of("127.0.0.1"), 8081, TransportProtocol.UDP),
                        port(Optional.of(PrivateHost.OWN6), 8082, TransportProtocol.TCP),
                        port(Optional.of("0.0.0.0"), 8083, TransportProtocol.TCP),
                        port(Optional.of("::"), 8084, TransportProtocol.TCP)));
        networks.publish("lone", List.of(port(Optional.empty(), 8090, TransportProtocol.TCP)));
        makeModes();
        apart = attach("apart", "apart");
        apartToo = attach("apartToo", "apart");
        open = attach("open", "nat-unprotected");
        routed = attach("routed", "routed");
        sealed = attach("sealed", "isolated");
        sealedToo = attach("sealedToo", "isolated");
        serveModes();
        // A container with NET_ADMIN gives itself ways out.
        for (var inside : List.of(db, sealed)) {
            host.namespaces.inside(inside.namespace(), () -> {
                try (var links = Rtnetlink.open()) {
                    for (var place : inside.main().orElseThrow().addresses()) {
                        links.replaceDefaultRoute(
                                links.index("eth0"), place.gateway().bytes());
                    }
                }
                return Optional.empty();
            });
        }
    }

    private static void makeModes() throws IOException {
        var networks = host.networks;
        networks.create(network("apart", false, true, Map.of(BRIDGE + "enable_icc", "false")));
        for (var mode : List.of("nat-unprotected", "routed", "isolated")) {
            networks.create(network(
                    mode,
                    mode.equals("isolated"),
                    true,
                    Map.of(BRIDGE + "gateway_mode_ipv4", mode, BRIDGE + "gateway_mode_ipv6", mode)));
        }
    }

    private static void serveModes() throws IOException {
        for (var container : List.of(apart, apartToo, open, routed, sealed, sealedToo)) {
            host.serve(container.namespace(), "::", container.container(), 80);
        }
        host.serve(routed.namespace(), "::", "admin", 81);
        host.serve(host.home(), "::", "host", 9100);
        for (var published : Map.of("apartToo", 8100, "routed", 8101).entrySet()) {
            host.networks.publish(
                    published.getKey(),
                    List.of(
                            port(Optional.empty(), published.getValue(), TransportProtocol.TCP),
                            port(Optional.empty(), published.getValue(), TransportProtocol.UDP)));
        }
    }

    @AfterAll
    static void nothingIsLeft() throws IOException {
        try {
            host.assertNothingStays();
            assertThat(host.namespaces.home(() -> Sysctls.read("net/ipv6/conf/all/forwarding")))
                    .contains("0");
        } finally {
            host.close();
        }
    }

    @Test
    void who_may_reaches_whom_he_may_and_is_known_by_his_address() throws IOException {
        var gateway = gateway(web, AddressFamily.IPV4);
        var gateway6 = gateway(web, AddressFamily.IPV6);
        var home = host.home();
        var attempts = new Expectations()
                .both("a neighbour", web.namespace(), mate, 80, "mate " + v4(web), "mate " + v6(web))
                .add("the world", web.namespace(), PrivateHost.OUTSIDE, 80, "outside " + PrivateHost.OWN)
                .add("the world, IPv6", web.namespace(), PrivateHost.OUTSIDE6, 80, "outside " + PrivateHost.OWN6)
                .add(
                        "the world from IPv6 alone",
                        lone.namespace(),
                        PrivateHost.OUTSIDE6,
                        80,
                        "outside " + PrivateHost.OWN6)
                .add("from outside", host.outside, PrivateHost.OWN, 8080, "web " + PrivateHost.OUTSIDE)
                .add("from outside, IPv6", host.outside, PrivateHost.OWN6, 8080, "web " + PrivateHost.OUTSIDE6)
                .tcp("on one address", host.outside, PrivateHost.OWN6, 8082, "web " + PrivateHost.OUTSIDE6)
                .tcp("on all of IPv4", host.outside, PrivateHost.OWN, 8083, "web " + PrivateHost.OUTSIDE)
                .tcp("on all of IPv6", host.outside, PrivateHost.OWN6, 8084, "web " + PrivateHost.OUTSIDE6)
                .tcp("IPv6 alone", host.outside, PrivateHost.OWN6, 8090, "lone " + PrivateHost.OUTSIDE6)
                .add("loopback", home, "127.0.0.1", 8080, "web " + gateway)
                .add("loopback only", home, "127.0.0.1", 8081, "web " + gateway)
                .add("the host's address", home, PrivateHost.OWN, 8080, "web " + gateway)
                .add("the host's address, IPv6", home, PrivateHost.OWN6, 8080, "web " + gateway6)
                .add("itself by the host", web.namespace(), PrivateHost.OWN, 8080, "web " + gateway)
                .add("itself by the host, IPv6", web.namespace(), PrivateHost.OWN6, 8080, "web " + gateway6)
                .add("a neighbour by the host, IPv6", mate.namespace(), PrivateHost.OWN6, 8080, "web " + gateway6)
                .add("another network by the host", other.namespace(), PrivateHost.OWN, 8080, "web " + v4(other))
                .add("another network by the host, IPv6", other.namespace(), PrivateHost.OWN6, 8080, "web " + v6(other))
                .both(
                        "the host to an internal one",
                        home,
                        db,
                        80,
                        "db " + gateway(db, AddressFamily.IPV4),
                        "db " + gateway(db, AddressFamily.IPV6));
        attempts.verify();
    }

    @Test
    void who_may_not_does_not() throws IOException {
        var home = host.home();
        new Expectations()
                .both("another network", web.namespace(), other, 80, "nothing", "nothing")
                .both("an internal network", web.namespace(), db, 80, "nothing", "nothing")
                .both("out of an internal network", db.namespace(), web, 80, "nothing", "nothing")
                .add("the world from inside", db.namespace(), PrivateHost.OUTSIDE, 80, "nothing")
                .add("the world from inside, IPv6", db.namespace(), PrivateHost.OUTSIDE6, 80, "nothing")
                .add("a published port from inside", db.namespace(), PrivateHost.OWN, 8080, "nothing")
                .add("a published port from inside, IPv6", db.namespace(), PrivateHost.OWN6, 8080, "nothing")
                .both("straight from outside", host.outside, web, 80, "nothing", "nothing")
                .both("straight from outside, not published", host.outside, mate, 80, "nothing", "nothing")
                .both("straight from outside to an internal one", host.outside, db, 80, "nothing", "nothing")
                .add("a loopback port from outside", host.outside, PrivateHost.OWN, 8081, "refused")
                .add(
                        "a loopback port by its gateway",
                        mate.namespace(),
                        gateway(web, AddressFamily.IPV4),
                        8081,
                        "refused")
                .add("a loopback port by the host", mate.namespace(), PrivateHost.OWN, 8081, "refused")
                .add("a loopback port by its own", mate.namespace(), "127.0.0.1", 8081, "refused")
                .add("the host's loopback service", mate.namespace(), PrivateHost.OWN, 9000, "refused")
                .add("the host's loopback service, IPv6", mate.namespace(), PrivateHost.OWN6, 9001, "refused")
                .tcp("a port of IPv6 over IPv4", host.outside, PrivateHost.OWN, 8084, "refused")
                .tcp("a port of IPv4 over IPv6", host.outside, PrivateHost.OWN6, 8083, "refused")
                .tcp("a port of one address on another", home, gateway(web, AddressFamily.IPV6), 8082, "refused")
                .tcp("::1, which cannot be translated", home, "::1", 8080, "refused")
                .verify();
    }

    @Test
    void containers_kept_apart_meet_by_published_ports_and_not_otherwise() throws IOException {
        new Expectations()
                .both("a neighbour", apart.namespace(), apartToo, 80, "nothing", "nothing")
                .both("another network", web.namespace(), apart, 80, "nothing", "nothing")
                .both("straight from outside", host.outside, apart, 80, "nothing", "nothing")
                .host("a neighbour by the host", apart.namespace(), 8100, "apartToo ", gateways(apart))
                .host("itself by the host", apartToo.namespace(), 8100, "apartToo ", gateways(apart))
                .host("another network by the host", other.namespace(), 8100, "apartToo ", addresses(other))
                .host("from outside", host.outside, 8100, "apartToo ", OUTSIDE)
                .outside("the world", apart.namespace(), OWN)
                .from("the host", host.home(), apart, 80, "apart ", gateways(apart))
                .host("the host's own address", host.home(), 8100, "apartToo ", gateways(apart))
                .verify();
    }

    @Test
    void an_unprotected_network_is_open_to_the_outside_and_to_no_other_network() throws IOException {
        new Expectations()
                .from("straight from outside", host.outside, open, 80, "open ", OUTSIDE)
                .from("the host", host.home(), open, 80, "open ", gateways(open))
                .outside("the world", open.namespace(), OWN)
                .both("another network", web.namespace(), open, 80, "nothing", "nothing")
                .both("an internal network", db.namespace(), open, 80, "nothing", "nothing")
                .both("an isolated network", sealed.namespace(), open, 80, "nothing", "nothing")
                .both("out of it", open.namespace(), web, 80, "nothing", "nothing")
                .verify();
    }

    @Test
    void a_routed_network_is_reached_at_published_ports_of_its_containers() throws IOException {
        new Expectations()
                .from("straight from outside", host.outside, routed, 80, "routed ", OUTSIDE)
                .from("another network", web.namespace(), routed, 80, "routed ", addresses(web))
                .from("the host", host.home(), routed, 80, "routed ", gateways(routed))
                .outside("the world", routed.namespace(), addresses(routed))
                .both("what is not published", host.outside, routed, 81, "nothing", "nothing")
                .both("what is not published, another network", web.namespace(), routed, 81, "nothing", "nothing")
                .both("an internal network", db.namespace(), routed, 80, "nothing", "nothing")
                .both("an isolated network", sealed.namespace(), routed, 80, "nothing", "nothing")
                .both("out of it", routed.namespace(), web, 80, "nothing", "nothing")
                .add("the host, which has no such port", host.outside, PrivateHost.OWN, 8101, "refused")
                .add("the host, which has no such port, IPv6", host.outside, PrivateHost.OWN6, 8101, "refused")
                .verify();
    }

    @Test
    void an_isolated_network_has_neighbours_and_nobody_else() throws IOException {
        new Expectations()
                .from("a neighbour", sealed.namespace(), sealedToo, 80, "sealedToo ", addresses(sealed))
                .never("the host", host.home(), v4(sealedToo), 80)
                .never("the host, IPv6", host.home(), v6(sealedToo), 80)
                .both("another network", web.namespace(), sealedToo, 80, "nothing", "nothing")
                .both("straight from outside", host.outside, sealedToo, 80, "nothing", "nothing")
                .both("another network from inside", sealed.namespace(), web, 80, "nothing", "nothing")
                .add("the world", sealed.namespace(), PrivateHost.OUTSIDE, 80, "nothing")
                .add("the world, IPv6", sealed.namespace(), PrivateHost.OUTSIDE6, 80, "nothing")
                .add("a service of the host", sealed.namespace(), PrivateHost.OWN, 9100, "nothing")
                .add("a service of the host, IPv6", sealed.namespace(), PrivateHost.OWN6, 9100, "nothing")
                .add("by its gateway", sealed.namespace(), gateway(sealed, AddressFamily.IPV4), 9100, "nothing")
                .add("by its gateway, IPv6", sealed.namespace(), gateway(sealed, AddressFamily.IPV6), 9100, "nothing")
                .add("a published port", sealed.namespace(), PrivateHost.OWN, 8080, "nothing")
                .add("a published port, IPv6", sealed.namespace(), PrivateHost.OWN6, 8080, "nothing")
                .add("a port of 127.0.0.1", sealed.namespace(), gateway(sealed, AddressFamily.IPV4), 8081, "nothing")
                .verify();
        for (var family : AddressFamily.values()) {
            await().untilAsserted(() -> assertThat(
                            host.resolve(sealed.namespace(), gateway(sealed, family), "sealedToo", family))
                    .containsExactly(IpAddress.of(address(sealedToo, family)).toString()));
        }
    }

    /**
     * A container that is on the asker's network, too, would answer him straight and from an address that he never
     * spoke to. Docker's proxy process answers such a one as the gateway, and so do we.
     */
    @Test
    void who_comes_by_the_host_from_a_network_that_the_container_is_on_as_well_is_answered() throws IOException {
        try {
            var between = attach("between", "back", "front");
            var sideways = attach("sideways", "routed", "front");
            for (var container : List.of(between, sideways)) {
                host.serve(container.namespace(), "::", container.container(), 80);
            }
            for (var published : Map.of("between", 8120, "sideways", 8121).entrySet()) {
                host.networks.publish(
                        published.getKey(),
                        List.of(
                                port(Optional.empty(), published.getValue(), TransportProtocol.TCP),
                                port(Optional.empty(), published.getValue(), TransportProtocol.UDP)));
            }
            fromElsewhere()
                    .host("as well", mate.namespace(), 8120, "between ", gateways(between))
                    .add(
                            "as well, by its gateway",
                            mate.namespace(),
                            gateway(mate, AddressFamily.IPV4),
                            8120,
                            "between " + gateway(between, AddressFamily.IPV4))
                    .from("as well, not translated", mate.namespace(), sideways, 80, "sideways ", gateways(sideways))
                    .verify();
            host.networks.ensure("front"); // Loads nothing where nothing is missing.
            assertThat(host.networks.observe().networks()).allMatch(ObservedNetwork::intact);
            host.nft("{\"nftables\":[{\"flush\":{\"set\":{\"family\":\"inet\",\"table\":\"lockstep_"
                    + host.root.shortId() + "\",\"name\":\"beside4\"}}}]}");
            assertThat(host.networks.observe().networks())
                    .filteredOn(n -> n.record().name().equals("front"))
                    .noneMatch(ObservedNetwork::rules);
            host.networks.ensure("front");
            fromElsewhere()
                    .host("as well", mate.namespace(), 8120, "between ", gateways(between))
                    .verify();
            attach("between", "back");
            fromElsewhere()
                    .host("no more", mate.namespace(), 8120, "between ", addresses(mate))
                    .verify();
        } finally {
            host.networks.detach("between");
            host.networks.detach("sideways");
        }
        assertThat(host.nft("{\"nftables\":[{\"list\":{\"set\":{\"family\":\"inet\",\"table\":\"lockstep_"
                        + host.root.shortId() + "\",\"name\":\"beside4\"}}}]}"))
                .doesNotContain("elem");
    }

    /** Whoever is not on a network that the container is on as well is known by his address. */
    private static Expectations fromElsewhere() {
        return new Expectations()
                .host("from its network", other.namespace(), 8120, "between ", gateways(other))
                .host("from a third", apart.namespace(), 8120, "between ", addresses(apart))
                .host("from outside", host.outside, 8120, "between ", OUTSIDE)
                .host("from the host", host.home(), 8120, "between ", gateways(other));
    }

    /** A port published on 127.0.0.1 is the host's alone, whatever address of the host somebody tries. */
    @Test
    void what_is_published_on_127_0_0_1_is_for_the_host_alone() throws IOException {
        var attempts = new Expectations();
        for (var container : List.of(mate, other, db, lone, apart, open, routed)) {
            strangers(attempts, container.container() + " to ", container.namespace());
        }
        strangers(attempts, "outside to ", host.outside);
        attempts.verify();
    }

    private static void strangers(Expectations attempts, String who, Path from) {
        for (var target : List.of(web, other, db)) {
            for (var family : AddressFamily.values()) {
                var gateway = who + target.container() + "'s gateway, " + family;
                attempts.never(gateway, from, gateway(target, family), 8081);
            }
        }
        attempts.never(who + "the host's address", from, PrivateHost.OWN, 8081)
                .never(who + "the host's address, IPv6", from, PrivateHost.OWN6, 8081)
                .never(who + "127.0.0.1", from, "127.0.0.1", 8081)
                .never(who + "127.0.0.1 as an IPv6 address", from, "::ffff:127.0.0.1", 8081)
                .never(who + "::1", from, "::1", 8081)
                .never(who + "the host's loopback service", from, PrivateHost.OWN, 9000)
                .never(who + "the host's loopback service, IPv6", from, PrivateHost.OWN6, 9001);
    }

    @Test
    void names_have_addresses_of_both_families_whatever_gateway_is_asked() throws IOException {
        for (var family : AddressFamily.values()) {
            await().untilAsserted(() -> {
                assertThat(host.resolve(web.namespace(), gateway(web, family), "mate", AddressFamily.IPV4))
                        .containsExactly(v4(mate));
                assertThat(host.resolve(web.namespace(), gateway(web, family), "mate", AddressFamily.IPV6))
                        .containsExactly(v6(mate));
            });
        }
        await().untilAsserted(() -> assertThat(host.resolve(
                        lone.namespace(), gateway(lone, AddressFamily.IPV6), "lone.six", AddressFamily.IPV6))
                .containsExactly(v6(lone)));
        assertThat(lone.nameServers()).containsExactly(gateway(lone, AddressFamily.IPV6));
        assertThat(web.nameServers()).containsExactly(gateway(web, AddressFamily.IPV4));
    }

    @Test
    void nothing_is_published_that_the_kernel_cannot_lead_to_the_container() {
        var networks = host.networks;
        assertThatThrownBy(
                        () -> networks.publish("mate", List.of(port(Optional.of("::1"), 7001, TransportProtocol.TCP))))
                .hasMessageContaining("does not lead packets from ::1 anywhere else. Publish on 127.0.0.1");
        assertThatThrownBy(() ->
                        networks.publish("lone", List.of(port(Optional.of("127.0.0.1"), 7001, TransportProtocol.TCP))))
                .hasMessageContaining("container lone has no IPv4 address");
        assertThatThrownBy(() -> networks.publish("db", List.of(port(Optional.empty(), 7001, TransportProtocol.TCP))))
                .hasMessage("container db has no network that ports could be published from: what is internal is not"
                        + " reached from outside");
        assertThatThrownBy(
                        () -> networks.publish("mate", List.of(port(Optional.of("::"), 8080, TransportProtocol.TCP))))
                .isInstanceOf(PortConflictException.class)
                .hasMessage("port [::]:8080/tcp is in use by container web");
        assertThatThrownBy(() ->
                        networks.publish("mate", List.of(port(Optional.of("2001:db8::7"), 1, TransportProtocol.TCP))))
                .hasMessageContaining("this host has no address 2001:db8::7");
    }

    @Test
    void a_listener_of_one_family_is_in_the_way_of_that_family_alone() throws IOException {
        // Of ::1 alone, and of 127.0.0.1 alone.
        var me = "process " + ProcessHandle.current().pid() + " (java)";
        assertThatThrownBy(() ->
                        host.networks.publish("mate", List.of(port(Optional.empty(), 9001, TransportProtocol.TCP))))
                .hasMessageContaining("port 0.0.0.0:9001/tcp is in use by " + me);
        var four = port(Optional.of("0.0.0.0"), 9001, TransportProtocol.TCP);
        assertThat(host.networks.publish("mate", List.of(four))).containsExactly(four);
        var six = port(Optional.of("::"), 9000, TransportProtocol.TCP);
        assertThat(host.networks.publish("mate", List.of(six))).containsExactly(six);
        host.networks.unpublish("mate");
    }

    @Test
    void sctp_is_published_where_the_kernel_has_it_and_refused_with_a_sentence_where_not() throws IOException {
        var diameter = port(Optional.empty(), 3868, TransportProtocol.SCTP);
        try {
            assertThat(host.networks.publish("mate", List.of(diameter))).containsExactly(diameter);
            assertThat(host.nft("{\"nftables\":[{\"list\":{\"map\":{\"family\":\"inet\",\"table\":\"lockstep_"
                            + host.root.shortId() + "\",\"name\":\"pub4any\"}}}]}"))
                    .contains("[132, 3868]");
            host.networks.unpublish("mate");
        } catch (NetworkException e) {
            assertThat(Path.of("/proc/net/sctp")).doesNotExist();
            assertThat(e)
                    .hasMessage("port 0.0.0.0:3868->80/sctp cannot be published: this kernel has no SCTP"
                            + " (CONFIG_IP_SCTP)");
        }
    }

    /** As those do who look for printers and players (mDNS, SSDP): who is near hears it, and nobody else. */
    @Test
    void what_is_sent_to_all_is_heard_on_its_network_by_who_may_hear_it() throws IOException {
        for (var group : List.of("239.255.7.7", "255.255.255.255", "ff12::7:7")) {
            var all = InetAddress.ofLiteral(group);
            try (var near = toAll(mate, all);
                    var far = toAll(other, all);
                    var asunder = toAll(apartToo, all);
                    var sender = toAll(web, all);
                    var apartSender = toAll(apart, all);
                    var here = host.namespaces.home(DatagramSocket::new)) {
                for (var each : List.of(sender, apartSender)) {
                    each.send(ByteBuffer.wrap(text("all")), new InetSocketAddress(all, 5004));
                }
                for (var listener : List.of(mate, other, apartToo)) {
                    var family = all instanceof Inet6Address ? AddressFamily.IPV6 : AddressFamily.IPV4;
                    here.send(packet(
                            "one", IpAddress.of(address(listener, family)).toString(), 5004));
                }
                assertThat(received(near.socket())).as(group).isEqualTo("all");
                assertThat(received(near.socket())).as(group).isEqualTo("one");
                assertThat(received(far.socket()))
                        .as(group + ", another network")
                        .isEqualTo("one");
                assertThat(received(asunder.socket()))
                        .as(group + ", kept apart")
                        .isEqualTo("one");
            }
        }
    }

    /** A socket that hears what is sent to that group, and sends there. */
    private static DatagramChannel toAll(Attached container, InetAddress group) throws IOException {
        return host.namespaces.inside(container.namespace(), () -> {
            var link = NetworkInterface.getByName("eth0");
            var channel = DatagramChannel.open(
                    group instanceof Inet6Address ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
            channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
            channel.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, false);
            channel.bind(new InetSocketAddress(5004));
            if (group.isMulticastAddress()) {
                channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, link);
                channel.join(group, link);
            }
            return channel;
        });
    }

    /** Every frame that must not pass is followed by one that must: what arrives first tells, without any waiting. */
    @Test
    void nobody_speaks_in_the_name_of_a_neighbour_a_gateway_or_the_host() throws IOException {
        var bridge = bridgeMac("front");
        for (var family : AddressFamily.values()) {
            var type = family == AddressFamily.IPV4 ? UDP : UDP6;
            var own = address(mate, family);
            try (var victim = host.namespaces.inside(
                            web.namespace(), () -> new DatagramSocket(5000, InetAddress.ofLiteral("::")));
                    var frames = frames(mate)) {
                var honest = RawFrames.ethernet(
                        mac(web), mac(mate), type, RawFrames.udp(own, address(web, family), 5000, text("honest")));
                for (var forged : List.of(
                        address(db, family),
                        address(other, family),
                        IpAddress.parse(gateway(web, family)).bytes())) {
                    inEveryWay(
                            frames,
                            RawFrames.ethernet(
                                    mac(web),
                                    mac(mate),
                                    type,
                                    RawFrames.udp(forged, address(web, family), 5000, text("forged"))));
                }
                inEveryWay(
                        frames,
                        RawFrames.ethernet(
                                mac(web),
                                bridge,
                                type,
                                RawFrames.udp(own, address(web, family), 5000, text("forged"))));
                frames.send(honest);
                assertThat(received(victim)).isEqualTo("honest");
            }
        }
    }

    @Test
    void the_host_s_loopback_services_and_its_own_address_are_out_of_reach_of_forged_packets() throws IOException {
        var bridge = bridgeMac("front");
        try (var loopback = host.namespaces.home(() -> new DatagramSocket(5001, InetAddress.ofLiteral("127.0.0.1")));
                var any = host.namespaces.home(() -> new DatagramSocket(5002, InetAddress.ofLiteral("::")));
                var loopback6 = host.namespaces.home(() -> new DatagramSocket(5003, InetAddress.ofLiteral("::1")));
                var here = host.namespaces.home(DatagramSocket::new);
                var frames = frames(mate)) {
            frames.send(RawFrames.ethernet(
                    bridge,
                    mac(mate),
                    UDP,
                    RawFrames.udp(
                            address(mate, AddressFamily.IPV4),
                            IpAddress.parse("127.0.0.1").bytes(),
                            5001,
                            text("forged"))));
            frames.send(RawFrames.ethernet(
                    bridge,
                    mac(mate),
                    UDP6,
                    RawFrames.udp(
                            address(mate, AddressFamily.IPV6),
                            IpAddress.parse("::1").bytes(),
                            5003,
                            text("forged"))));
            // The host in its own name, over IPv6, where the kernel would believe it.
            frames.send(RawFrames.ethernet(
                    bridge,
                    mac(mate),
                    UDP6,
                    RawFrames.udp(
                            IpAddress.parse(PrivateHost.OWN6).bytes(),
                            IpAddress.parse(gateway(web, AddressFamily.IPV6)).bytes(),
                            5002,
                            text("forged"))));
            frames.send(RawFrames.ethernet(
                    bridge,
                    mac(mate),
                    UDP6,
                    RawFrames.udp(
                            address(mate, AddressFamily.IPV6),
                            IpAddress.parse(gateway(web, AddressFamily.IPV6)).bytes(),
                            5002,
                            text("honest"))));
            assertThat(received(any)).isEqualTo("honest");
            here.send(packet("honest", "127.0.0.1", 5001));
            assertThat(received(loopback)).isEqualTo("honest");
            here.send(packet("honest", "::1", 5003));
            assertThat(received(loopback6)).isEqualTo("honest");
        }
    }

    /** With a look at what would happen without the rules, so that the attack is known to be one. */
    @Test
    void claims_to_have_a_neighbour_s_address_are_not_heard() throws IOException {
        host.namespaces.inside(web.namespace(), () -> {
            // By default the kernel does not believe two answers within a second.
            Sysctls.write("net/ipv4/neigh/eth0/locktime", "0");
            return Optional.empty();
        });
        host.namespaces.inside(mate.namespace(), () -> {
            // Else who listens in the middle passes on what is not for him, and nobody notices.
            Sysctls.write("net/ipv4/ip_forward", "0");
            Sysctls.write("net/ipv6/conf/all/forwarding", "0");
            return Optional.empty();
        });
        var third = attach("third", "front");
        host.serve(third.namespace(), "::", "third", 80);
        var table = "{\"family\":\"bridge\",\"name\":\"lockstep_" + host.root.shortId() + "\"}";
        try {
            for (var attack : List.of(true, false)) {
                if (!attack) {
                    host.nft("{\"nftables\":[{\"delete\":{\"table\":" + table + "}}]}");
                }
                for (var family : AddressFamily.values()) {
                    var target = IpAddress.of(address(third, family)).toString();
                    assertThat(host.tcp(web.namespace(), target, 80)).startsWith("third ");
                    try (var frames = frames(mate)) {
                        inEveryWay(frames, claim(family, third));
                        // Behind it, so that whatever it does has been done.
                        frames.send(RawFrames.ethernet(
                                mac(web),
                                mac(mate),
                                family == AddressFamily.IPV4 ? UDP : UDP6,
                                RawFrames.udp(address(mate, family), address(web, family), 80, text("x"))));
                    }
                    var outcome = host.attempt(web.namespace(), "tcp", target, 80);
                    assertThat(outcome)
                            .as(family + (attack ? " with" : " without") + " the rules")
                            .isEqualTo(attack ? "third " + IpAddress.of(address(web, family)) : "nothing");
                }
            }
            assertThat(host.networks.observe().networks())
                    .filteredOn(n -> n.record().name().equals("front"))
                    .noneMatch(ObservedNetwork::rules);
        } finally {
            host.networks.ensure("front");
            host.networks.detach("third");
        }
        assertThat(host.networks.observe().networks()).allMatch(ObservedNetwork::intact);
    }

    private static byte[] claim(AddressFamily family, Attached whose) {
        return family == AddressFamily.IPV4
                ? RawFrames.ethernet(
                        mac(web),
                        mac(mate),
                        ARP,
                        RawFrames.arp(address(whose, family), mac(mate), address(web, family), mac(web)))
                : RawFrames.ethernet(
                        mac(web),
                        mac(mate),
                        UDP6,
                        RawFrames.advertisement(
                                address(mate, family), address(web, family), address(whose, family), mac(mate)));
    }

    /** What somebody tries, over TCP and UDP, and what must come of it. */
    private static final class Expectations {
        private static final String NO_ANSWER = "no answer";

        private final List<Attempt> attempts = new ArrayList<>();
        private final Map<String, String> expected = new TreeMap<>();

        Expectations tcp(String what, Path from, String address, int port, String outcome) {
            return add(what, from, "tcp", address, port, outcome);
        }

        Expectations add(String what, Path from, String address, int port, String outcome) {
            return add(what, from, "tcp", address, port, outcome)
                    .add(what + ", UDP", from, "udp", address, port, outcome);
        }

        Expectations both(String what, Path from, Attached to, int port, String outcome, String outcome6) {
            return add(what, from, v4(to), port, outcome).add(what + ", IPv6", from, v6(to), port, outcome6);
        }

        private Expectations add(String what, Path from, String protocol, String address, int port, String outcome) {
            attempts.add(new Attempt(what, from, protocol, address, port));
            expected.put(what, outcome);
            return this;
        }

        /** Everywhere the same answer, with the source that the server sees: the first for IPv4, the other for IPv6. */
        Expectations from(String what, Path from, Attached to, int port, String answer, List<String> sources) {
            return both(what, from, to, port, answer + sources.getFirst(), answer + sources.getLast());
        }

        /** A published port by the host's own addresses. */
        Expectations host(String what, Path from, int port, String answer, List<String> sources) {
            return add(what, from, PrivateHost.OWN, port, answer + sources.getFirst())
                    .add(what + ", IPv6", from, PrivateHost.OWN6, port, answer + sources.getLast());
        }

        /** The machine outside, and whom it sees. */
        Expectations outside(String what, Path from, List<String> sources) {
            return add(what, from, PrivateHost.OUTSIDE, 80, "outside " + sources.getFirst())
                    .add(what + ", IPv6", from, PrivateHost.OUTSIDE6, 80, "outside " + sources.getLast());
        }

        /** No server answers; whether somebody refuses or nobody says anything is not the point. */
        Expectations never(String what, Path from, String address, int port) {
            return add(what, from, address, port, NO_ANSWER);
        }

        void verify() throws IOException {
            var answered = new TreeMap<>(expected);
            answered.values().removeAll(Set.of("nothing", NO_ANSWER));
            var outcomes = new TreeMap<>(host.tryAll(attempts, answered.keySet()));
            // The kernel refuses so many a second, and says nothing to the others (icmp_msgs_per_sec).
            var unsaid = attempts.stream()
                    .filter(attempt -> "refused".equals(expected.get(attempt.what()))
                            && "nothing".equals(outcomes.get(attempt.what())))
                    .toList();
            outcomes.putAll(host.tryAll(unsaid, Set.of()));
            outcomes.replaceAll((what, outcome) ->
                    NO_ANSWER.equals(expected.get(what)) && (outcome.equals("refused") || outcome.equals("nothing"))
                            ? NO_ANSWER
                            : outcome);
            assertThat(outcomes).isEqualTo(expected);
        }
    }

    private static RawFrames frames(Attached from) throws IOException {
        return host.namespaces.inside(from.namespace(), () -> {
            try (var links = Rtnetlink.open()) {
                return RawFrames.on(links.index("eth0"));
            }
        });
    }

    /** As it is, and behind tags that the receiver takes off. */
    private static void inEveryWay(RawFrames frames, byte[] frame) throws IOException {
        frames.send(frame);
        for (var tags : List.of(List.of(Q), List.of(AD), List.of(Q, Q), List.of(AD, Q))) {
            frames.send(RawFrames.tagged(frame, tags));
        }
    }

    private static String received(DatagramSocket socket) throws IOException {
        socket.setSoTimeout(20_000);
        var packet = new DatagramPacket(new byte[100], 100);
        socket.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
    }

    private static DatagramPacket packet(String text, String address, int port) {
        return new DatagramPacket(text(text), text.length(), new InetSocketAddress(address, port));
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] mac(Attached container) {
        return Links.macBytes(container.main().orElseThrow().mac());
    }

    private static byte[] bridgeMac(String network) throws IOException {
        return Links.macBytes(Links.mac(host.networks.find(network).orElseThrow()));
    }

    private static byte[] address(Attached container, AddressFamily family) {
        return container.main().orElseThrow().of(family).orElseThrow().address().bytes();
    }

    private static String gateway(Attached container, AddressFamily family) {
        return container.main().orElseThrow().of(family).orElseThrow().gateway().toString();
    }

    private static List<String> gateways(Attached container) {
        return List.of(gateway(container, AddressFamily.IPV4), gateway(container, AddressFamily.IPV6));
    }

    private static List<String> addresses(Attached container) {
        return List.of(v4(container), v6(container));
    }

    private static String v4(Attached container) {
        return IpAddress.of(address(container, AddressFamily.IPV4)).toString();
    }

    private static String v6(Attached container) {
        return IpAddress.of(address(container, AddressFamily.IPV6)).toString();
    }

    /** @param networks the one with the default route first */
    private static Attached attach(String name, String... networks) throws IOException {
        var specs = new ArrayList<AttachmentSpec>();
        for (var network : networks) {
            specs.add(new AttachmentSpec(network, List.of(), List.of(), -specs.size()));
        }
        return host.networks.attach(
                new AttachRequest(name, new LeaseKey("shop", name, 1), specs, List.of(name), List.of()));
    }

    private static NetworkSpec network(String name, boolean internal, boolean ipv4) {
        return network(name, internal, ipv4, Map.of());
    }

    private static NetworkSpec network(String name, boolean internal, boolean ipv4, Map<String, String> options) {
        return new NetworkSpec(
                name,
                new Owner("here", "shop", Optional.empty()),
                internal,
                ipv4,
                true,
                List.of(),
                Optional.empty(),
                options,
                Map.of());
    }

    private static PublishedPort port(Optional<String> ip, int hostPort, TransportProtocol protocol) {
        return new PublishedPort(ip.map(IpAddress::parse), Optional.of(hostPort), 80, protocol);
    }
}
