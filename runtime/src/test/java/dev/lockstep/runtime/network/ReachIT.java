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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    @TempDir
    static Path directory;

    private static PrivateHost host;
    private static Attached web;
    private static Attached mate;
    private static Attached other;
    private static Attached db;
    private static Attached lone;

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
        // A container with NET_ADMIN gives itself ways out.
        host.namespaces.inside(db.namespace(), () -> {
            try (var links = Rtnetlink.open()) {
                for (var place : db.main().orElseThrow().addresses()) {
                    links.replaceDefaultRoute(
                            links.index("eth0"), place.gateway().bytes());
                }
            }
            return Optional.empty();
        });
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
                    frames.send(RawFrames.ethernet(
                            mac(web),
                            mac(mate),
                            type,
                            RawFrames.udp(forged, address(web, family), 5000, text("forged"))));
                }
                frames.send(RawFrames.ethernet(
                        mac(web), bridge, type, RawFrames.udp(own, address(web, family), 5000, text("forged"))));
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
                        frames.send(claim(family, third));
                        // Behind it, so that whatever it does has been done.
                        frames.send(RawFrames.ethernet(
                                mac(web),
                                mac(mate),
                                family == AddressFamily.IPV4 ? UDP : UDP6,
                                RawFrames.udp(address(mate, family), address(web, family), 80, text("x"))));
                    }
                    var outcome = host.tryAll(List.of(new Attempt("x", web.namespace(), "tcp", target, 80)))
                            .get("x");
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

        void verify() throws IOException {
            assertThat(new TreeMap<>(host.tryAll(attempts))).isEqualTo(expected);
        }
    }

    private static RawFrames frames(Attached from) throws IOException {
        return host.namespaces.inside(from.namespace(), () -> {
            try (var links = Rtnetlink.open()) {
                return RawFrames.on(links.index("eth0"));
            }
        });
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

    private static String v4(Attached container) {
        return IpAddress.of(address(container, AddressFamily.IPV4)).toString();
    }

    private static String v6(Attached container) {
        return IpAddress.of(address(container, AddressFamily.IPV6)).toString();
    }

    private static Attached attach(String name, String network) throws IOException {
        return host.networks.attach(new AttachRequest(
                name,
                new LeaseKey("shop", name, 1),
                List.of(new AttachmentSpec(network, List.of(), List.of(), 0)),
                List.of(name),
                List.of()));
    }

    private static NetworkSpec network(String name, boolean internal, boolean ipv4) {
        return new NetworkSpec(
                name,
                new Owner("here", "shop", Optional.empty()),
                internal,
                ipv4,
                true,
                List.of(),
                Optional.empty(),
                Map.of(),
                Map.of());
    }

    private static PublishedPort port(Optional<String> ip, int hostPort, TransportProtocol protocol) {
        return new PublishedPort(ip.map(IpAddress::parse), Optional.of(hostPort), 80, protocol);
    }
}
