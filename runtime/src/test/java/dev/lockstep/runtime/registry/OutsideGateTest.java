package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The gate, with the first address of loopback for the outside and the second one for what is refused. */
class OutsideGateTest {
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress("0.0.0.0", 0), 0);
        server.createContext("/", exchange -> {
            heard.add(exchange.getLocalAddress().getAddress().getHostAddress()
                    + exchange.getRequestURI().getPath());
            try (exchange) {
                switch (exchange.getRequestURI().getPath()) {
                    case "/file" -> {
                        exchange.sendResponseHeaders(200, 0);
                        exchange.getResponseBody().write("content".getBytes(StandardCharsets.UTF_8));
                    }
                    case "/there" -> redirect(exchange, "http://127.0.0.2:" + port() + "/file");
                    case "/here" -> redirect(exchange, "/file");
                    default -> exchange.sendResponseHeaders(404, -1);
                }
            }
        });
        server.start();
    }

    private static void redirect(com.sun.net.httpserver.HttpExchange exchange, String to) throws IOException {
        exchange.getResponseHeaders().set("Location", to);
        exchange.sendResponseHeaders(302, -1);
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private int port() {
        return server.getAddress().getPort();
    }

    private static Optional<String> refusal(String host, int port, InetAddress address) {
        return address.getHostAddress().equals("127.0.0.2") ? Optional.of("refused by the test") : Optional.empty();
    }

    private WebFile fetch(String host, String path, ByteArrayOutputStream to) throws IOException {
        try (var gate = new OutsideGate(OutsideGateTest::refusal)) {
            return WebFile.fetch(URI.create("http://" + host + ":" + port() + path), WebFile.Version.UNKNOWN, to, gate);
        }
    }

    @Test
    void what_is_outside_comes_through_also_by_a_redirect() throws IOException {
        for (var path : List.of("/file", "/here")) {
            var content = new ByteArrayOutputStream();
            assertThat(fetch("127.0.0.1", path, content).status()).isEqualTo(200);
            assertThat(content).hasToString("content");
        }
        assertThat(fetch("localhost", "/missing", new ByteArrayOutputStream()).status())
                .isEqualTo(404);
    }

    @Test
    void a_redirect_leads_to_nothing_that_is_refused() {
        assertThatThrownBy(() -> fetch("127.0.0.2", "/file", new ByteArrayOutputStream()))
                .hasMessage("127.0.0.2 is refused by the test");
        assertThat(heard).isEmpty();
        assertThatThrownBy(() -> fetch("127.0.0.1", "/there", new ByteArrayOutputStream()))
                .hasMessage("127.0.0.2 is refused by the test");
        assertThat(heard).containsExactly("127.0.0.1/there");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.9.9.9",
                "::1",
                "0.0.0.0",
                "0.1.2.3",
                "::",
                "169.254.169.254",
                "fe80::1",
                "224.0.0.1",
                "ff02::1",
                "255.255.255.255",
                "::ffff:127.0.0.1",
                "64:ff9b::a9fe:a9fe",
                "fd00:ec2::254",
                "100.100.100.200",
                "168.63.129.16",
                "fd20:ce::254",
                "fd00:42::42",
                "64:ff9b::6464:64c8"
            })
    void the_host_and_what_answers_it_alone_are_refused(String address) throws IOException {
        assertThat(OutsideAddresses.refusal(InetAddress.ofLiteral(address))).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.1", "10.255.255.254", "2001:db8::1", "64:ff9b::c000:201"})
    void others_are_not(String address) throws IOException {
        assertThat(OutsideAddresses.refusal(InetAddress.ofLiteral(address))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:5000, localhost, 5000, true",
        "LocalHost:5000, localhost, 5000, true",
        "localhost:5000, localhost, 5001, false",
        "localhost:5000, 127.0.0.1, 5000, false",
        "localhost, localhost, 443, true",
        "localhost, localhost, 80, true",
        "localhost, localhost, 5000, false",
        "'[::1]:5000', ::1, 5000, true",
        "docker.io, registry-1.docker.io, 443, true",
    })
    void what_the_owner_has_named_is_reached_wherever_it_is(String named, String host, int port, boolean reached)
            throws IOException {
        var refusal = OutsideAddresses.and(List.of(named)).refusal(host, port, InetAddress.getLoopbackAddress());
        assertThat(refusal.isEmpty()).isEqualTo(reached);
        if (!reached) {
            assertThat(refusal.orElseThrow())
                    .isEqualTo("an address of this host; an entry for " + host + ":" + port
                            + " under registries in its settings allows it");
        }
    }

    /** Links as the kernel lists them, with the loopback for the bridge: it has addresses everywhere. */
    @ParameterizedTest
    @CsvSource({
        "lo/bridge, true",
        "lo/bridge lo/brif/veth1 veth1, true",
        "lo/bridge lo/brif/eth0 eth0/device, false",
        "lo/bridge lo/brif/bond0 bond0/lower_eth0, false",
        "lo, false",
    })
    void a_bridge_without_a_way_out_is_the_hosts_own(String paths, boolean own, @TempDir Path links)
            throws IOException {
        for (var path : paths.split(" ", -1)) {
            Files.createDirectories(links.resolve(path));
        }
        var bridges = new OwnBridges(links);
        assertThat(bridges.have(InetAddress.ofLiteral("127.9.9.9"))).isEqualTo(own);
        assertThat(bridges.have(InetAddress.ofLiteral("192.0.2.1"))).isFalse();
    }
}
