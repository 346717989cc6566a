package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.NetworkSettings;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.Networks;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Containers on bridges: names, ports, changes in place. The "host" is a namespace of the test's own. */
class NetworkedIT {
    @TempDir
    Path directory;

    private NetworkNamespaces outer;
    private NetworkNamespaces home;
    private Networks networks;
    private Lab lab;

    @BeforeEach
    void open() throws IOException {
        outer = NetworkNamespaces.ofThisProcess();
        outer.create(directory.resolve("home"));
        home = NetworkNamespaces.at(directory.resolve("home"));
        home.home(() -> {
            try (var links = Rtnetlink.open()) {
                links.setUp(links.index("lo"));
            }
            return "";
        });
        lab = new Lab(
                Files.createDirectory(directory.resolve("lab")), TestImage.busybox("test/busybox:1"), () -> networks);
        var defaults = NetworkSettings.defaults();
        networks = new Networks(
                lab.root,
                new NetworkSettings(
                        defaults.pool(),
                        defaults.prefix(),
                        defaults.foreignFirewall(),
                        directory.resolve("machine.lock"),
                        directory.resolve("bus"),
                        defaults.machineId(),
                        defaults.hostResolvConf()),
                home,
                new NameServer(
                        lab.root,
                        () -> NameServer.findProgram(System.getenv("PATH")).orElseThrow(),
                        home,
                        pid -> {}),
                Clock.systemUTC());
        for (var name : List.of("front", "back")) {
            networks.create(NetworkSpec.plain(name, new Owner("test-host", "test", Optional.empty())));
        }
    }

    @AfterEach
    void close() throws IOException {
        for (var container : lab.containers.observe()) {
            lab.containers.remove(container.id(), true, true);
        }
        networks.remove("front");
        networks.remove("back");
        networks.close();
        lab.close();
        home.close();
        outer.delete(directory.resolve("home"));
        outer.close();
    }

    private static AttachmentSpec on(String network, String... aliases) {
        return new AttachmentSpec(network, List.of(aliases), List.of(), 0);
    }

    private static PublishedPort port(int host, int container) {
        return new PublishedPort(Optional.empty(), Optional.of(host), container, PublishedPort.TransportProtocol.TCP);
    }

    private String get(int port) throws IOException {
        return home.home(() -> {
            try (var socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 2000);
                socket.setSoTimeout(60_000);
                socket.getOutputStream().write("GET /index.html HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            }
        });
    }

    private Wish web(String name) {
        return lab.wish(name)
                .shell("mkdir -p /www; echo from-$HOSTNAME > /www/index.html; exec httpd -f -p 80 -h /www");
    }

    @Test
    void a_published_port_answers_and_containers_find_each_other_by_name() throws IOException {
        var id = lab.started(
                web("web").hostname("web-box").network(on("front", "alias")).port(port(18080, 80)));
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> get(18080).contains("from-web-box"));
        var observed = lab.containers.observe(id).orElseThrow();
        assertThat(observed.ports()).containsExactly(port(18080, 80));
        assertThat(observed.addresses()).hasSize(1);
        var client = lab.started(lab.wish("client").network(on("front")).run("sleep", "600"));
        for (var name : new String[] {"web", "alias", id.substring(0, 12)}) {
            assertThat(lab.exec(client, "wget", "-qO-", "http://" + name + "/").out())
                    .isEqualTo("from-web-box\n");
        }
        assertThat(lab.exec(id, "cat", "/etc/hosts").out())
                .contains(observed.addresses().getFirst().ipv4() + "\tweb-box\n");
        lab.containers.stop(id, Optional.of(Duration.ZERO));
        assertThat(networks.published(id)).isEmpty();
        assertThat(lab.containers.observe(id).orElseThrow().addresses()).isEmpty();
    }

    @Test
    void with_ipv6_alone_a_container_is_found_reached_and_served_as_any_other() throws IOException {
        networks.create(new NetworkSpec(
                "six",
                new Owner("test-host", "test", Optional.empty()),
                false,
                false,
                true,
                List.of(),
                Optional.empty(),
                Map.of(),
                Map.of()));
        try {
            var id = lab.started(web("web").hostname("web-box").network(on("six")));
            var client = lab.started(
                    lab.wish("client").network(on("six")).network(on("front")).run("sleep", "600"));
            Awaitility.await()
                    .untilAsserted(() -> assertThat(lab.exec(client, "wget", "-qO-", "http://web/")
                                    .out())
                            .isEqualTo("from-web-box\n"));
            var address = lab.containers.observe(id).orElseThrow().addresses().getFirst();
            assertThat(address.ipv4()).isEmpty();
            assertThat(lab.exec(id, "cat", "/etc/hosts").out()).contains(address.ipv6() + "\tweb-box\n");
            assertThat(lab.exec(id, "cat", "/etc/resolv.conf").out())
                    .contains("nameserver "
                            + networks.find("six").orElseThrow().gateways().getFirst());
            assertThat(lab.exec(id, "cat", "/proc/net/if_inet6").out())
                    .contains(" lo\n")
                    .contains("eth0\n");
            assertThat(lab.exec(id, "wget", "-qO-", "http://[::1]/").out()).isEqualTo("from-web-box\n");
        } finally {
            for (var container : lab.containers.observe()) {
                lab.containers.remove(container.id(), true, true);
            }
            networks.remove("six");
        }
    }

    @Test
    void users_of_its_own_are_root_of_their_network() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        var users = UserNamespaceIT.users(new NamespaceMode.Own());
        var id =
                lab.started(web("web").with(users).network(on("front", "alias")).port(port(18084, 80)));
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .ignoreExceptions()
                .until(() -> get(18084).contains("from-"));
        var capable = new Isolation(
                false,
                false,
                List.of("CAP_NET_ADMIN"),
                List.of(),
                SecurityOptions.NONE,
                users,
                Optional.empty(),
                Optional.empty(),
                Map.of());
        var client = lab.started(lab.wish("client")
                .with(o -> o.with(capable))
                .network(on("front"))
                .run("sleep", "600"));
        assertThat(lab.exec(client, "wget", "-qO-", "http://alias/").out()).startsWith("from-");
        assertThat(lab.exec(client, "ping", "-c1", "web").exitCode()).isZero();
        assertThat(lab.exec(client, "ip", "link", "set", "eth0", "mtu", "1400").err())
                .isEmpty();
        assertThat(lab.exec(client, "cat", "/sys/class/net/eth0/mtu").out()).isEqualTo("1400\n");
        assertThat(lab.exec(client, "cat", "/proc/sys/net/ipv4/ping_group_range")
                        .out())
                .isEqualTo("0\t65535\n");

        // Who is in its network is one of its users as well; another network comes to it in place.
        var guest = lab.started(lab.wish("guest")
                .with(new Namespaces(
                        Optional.of(new NamespaceMode.Of("web")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(new NamespaceMode.Own()),
                        Optional.empty()))
                .run("sleep", "600"));
        assertThat(lab.exec(guest, "wget", "-qO-", "http://127.0.0.1/").out()).startsWith("from-");
        assertThat(lab.exec(guest, "stat", "-c", "%u", "/etc/hosts").out()).isEqualTo("0\n");
        lab.containers.update(
                id,
                web("web")
                        .with(users)
                        .network(on("front", "alias"))
                        .network(on("back"))
                        .port(port(18084, 80))
                        .spec());
        assertThat(lab.exec(id, "ip", "addr").out()).contains("eth1");
    }

    @Test
    void ports_and_networks_change_without_another_process() throws IOException {
        var wish = web("web").network(on("front")).port(port(18081, 80));
        var id = lab.started(wish);
        var pid = lab.pid(id);
        lab.containers.update(
                id,
                web("web")
                        .network(on("front"))
                        .network(on("back"))
                        .port(port(18082, 80))
                        .spec());
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> get(18082).contains("from-"));
        assertThat(lab.pid(id)).isEqualTo(pid);
        assertThat(lab.containers.observe(id).orElseThrow().addresses())
                .extracting(ContainerAddress::network)
                .containsExactlyInAnyOrder("front", "back");
        assertThat(lab.exec(id, "ip", "addr").out()).contains("eth0").contains("eth1");
        assertThat(networks.published(id)).containsExactly(port(18082, 80));
    }

    @Test
    void without_the_network_that_led_in_it_starts_without_ports_and_has_them_again_with_it() throws IOException {
        var naming = new Naming(Optional.empty(), List.of(new Naming.ExtraHost("host", Naming.HOST_GATEWAY)), Map.of());
        var wish = web("web").with(naming).network(on("front")).port(port(18087, 80));
        var id = lab.started(wish);
        assertThat(lab.exec(id, "cat", "/etc/hosts").out()).contains("\thost\n");

        lab.containers.update(id, web("web").with(naming).port(port(18087, 80)).spec());
        assertThat(networks.published(id)).isEmpty();
        lab.containers.restart(id, Optional.of(Duration.ZERO));

        assertThat(lab.containers.observe(id).orElseThrow().ports()).isEmpty();
        assertThat(lab.exec(id, "cat", "/etc/hosts").out()).doesNotContain("\thost\n");
        lab.containers.update(id, wish.spec());
        assertThat(networks.published(id)).containsExactly(port(18087, 80));
        assertThat(lab.exec(id, "cat", "/etc/hosts").out()).contains("\thost\n");
    }

    @Test
    void who_cannot_have_his_ports_is_not_connected() throws IOException {
        var id = lab.started(web("web").network(on("front")).port(port(18088, 80)));
        lab.containers.update(id, web("web").port(port(18088, 80)).spec());
        var other = lab.started(
                lab.wish("other").network(on("back")).port(port(18088, 80)).run("sleep", "600"));
        var again = web("web").network(on("front")).port(port(18088, 80)).spec();

        assertThatThrownBy(() -> lab.containers.update(id, again)).hasMessageContaining("18088/tcp is in use by");
        assertThat(networks.attached(id).orElseThrow().endpoints()).isEmpty();
        assertThat(lab.containers.observe(id).orElseThrow().record().spec().networks())
                .isEmpty();

        lab.containers.remove(other, true, true);
        lab.containers.update(id, again);
        assertThat(networks.published(id)).containsExactly(port(18088, 80));
    }

    @Test
    void what_nobody_could_reach_is_not_made() throws IOException {
        networks.create(new NetworkSpec(
                "inner",
                new Owner("test-host", "test", Optional.empty()),
                true,
                true,
                false,
                List.of(),
                Optional.empty(),
                Map.of(),
                Map.of()));
        assertThatThrownBy(() -> lab.created(web("web").port(port(18089, 80))))
                .hasMessage("container web: no port can be published, since it is on no network.");
        assertThatThrownBy(() -> lab.created(web("web").network(on("inner")).port(port(18089, 80))))
                .hasMessage(
                        "container web: no port can be published, since none of its networks is a bridge that leads out.");
        networks.remove("inner");
    }

    @Test
    void a_kill_while_a_container_is_being_connected_leaves_nothing() throws IOException {
        var id = lab.created(web("web").network(on("front")).port(port(18083, 80)));
        for (var step : new FailPoint.Step[] {
            FailPoint.Step.START_ATTACHED, FailPoint.Step.START_SUPERVISED, FailPoint.Step.START_PUBLISHED
        }) {
            lab.killAt(step);
            try {
                lab.containers.start(id);
            } catch (Lab.Killed e) {
                lab.liveOn();
            }
            lab.anotherProcess().cleanUp();
            assertThat(networks.published(id)).isEmpty();
            assertThat(networks.attached(id)).isEmpty();
        }
        lab.containers.start(id);
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> get(18083).contains("from-"));
    }

    @Test
    void one_that_is_adopted_after_a_kill_has_its_ports_and_its_start_is_told() throws IOException {
        var id = lab.created(
                lab.wish("web").network(on("front")).port(port(18086, 80)).run("sleep", "600"));
        lab.killAt(FailPoint.Step.START_STARTED);
        assertThatThrownBy(() -> lab.containers.start(id)).isInstanceOf(Lab.Killed.class);
        lab.liveOn();
        assertThat(lab.anotherProcess().cleanUp().actions())
                .contains("adopted container web, which had just been started");
        assertThat(lab.containers.observe(id).orElseThrow().ports()).containsExactly(port(18086, 80));
        assertThat(lab.rooms().events().log().between(Optional.empty(), Optional.empty()))
                .filteredOn(event -> event.id().equals(id))
                .extracting(event -> event.action())
                .endsWith("start");
    }

    @Test
    void a_container_that_ended_by_itself_is_in_nobodys_way_though_nobody_has_put_it_away() throws IOException {
        var first = lab.started(
                lab.wish("first").network(on("front")).port(port(18085, 80)).run("true"));
        lab.containers.await(first);
        assertThat(networks.published(first)).containsExactly(port(18085, 80));

        var second = lab.started(
                lab.wish("second").network(on("front")).port(port(18085, 80)).run("sleep", "600"));

        assertThat(networks.published(second)).containsExactly(port(18085, 80));
        assertThat(lab.state(first))
                .isInstanceOfSatisfying(
                        ContainerState.Exited.class,
                        exited -> assertThat(exited.finished()).isTrue());
    }

    @Test
    void a_port_that_is_taken_leaves_the_container_created() throws IOException {
        lab.started(web("first").network(on("front")).port(port(18084, 80)));
        var second = lab.created(
                lab.wish("second").network(on("front")).port(port(18084, 80)).run("sleep", "600"));
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> lab.containers.start(second))
                .hasMessageContaining("18084");
        assertThat(lab.state(second)).isInstanceOf(ContainerState.Created.class);
        assertThat(networks.attached(second)).isEmpty();
    }
}
