package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.NginxFront;
import dev.lockstep.runtime.testing.TestAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a host that its owner calls insecure speaks, is learnt from what it says and not from what fails. */
class ProbeIT {
    @TempDir
    Path directory;

    private static Connections connections(String... insecure) {
        var rules = new java.util.HashMap<String, RegistryHosts.Rule>();
        for (var host : insecure) {
            rules.put(host, new RegistryHosts.Rule(Optional.of(true), List.of()));
        }
        var usual =
                RegistrySettings.anonymous().with(Credentials.NONE, new RegistryHosts(Map.copyOf(rules), List.of()));
        return new Connections(new RegistrySettings(
                Duration.ofSeconds(5),
                Duration.ofMillis(800),
                1,
                usual.backoff(),
                usual.longestPause(),
                1,
                usual.credentials(),
                usual.hosts(),
                Proxies.NONE,
                new TestTime()));
    }

    @Test
    void a_host_whose_tls_breaks_once_is_not_spoken_to_in_plain_text_afterwards() throws Exception {
        try (var upstream = FakeRegistry.start();
                var server = NginxFront.start(
                        directory, TestAuthority.create(directory.resolve("authority")), upstream.host());
                var relay = new Relay(server.port())) {
            // The JDK may try again itself; a question in plain text is one that such a server refuses.
            for (var broken = 1; broken < 6; broken++) {
                try (var connections = connections(relay.host())) {
                    relay.breakNext(broken);
                    try {
                        assertThat(connections.base(relay.host())).hasToString("https://" + relay.host());
                    } catch (RegistryHttp.TransientException e) {
                        assertThat(e).hasMessageContaining("is not reachable");
                    }
                    relay.breakNext(0);
                    assertThat(connections.base(relay.host())).hasToString("https://" + relay.host());
                }
            }
        }
    }

    @Test
    void a_host_that_is_down_is_not_taken_for_one_without_tls() throws Exception {
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            port = socket.getLocalPort();
        }
        try (var connections = connections("127.0.0.1:" + port)) {
            assertThatThrownBy(() -> connections.base("127.0.0.1:" + port))
                    .isInstanceOf(RegistryHttp.TransientException.class)
                    .hasMessageContaining("connection refused");
        }
    }

    @Test
    void a_host_that_says_so_is_spoken_to_in_plain_text() throws Exception {
        try (var plain = FakeRegistry.start();
                var connections = connections(plain.host())) {
            assertThat(connections.base(plain.host())).hasToString("http://" + plain.host());
            var asked = plain.requests().size();
            assertThat(connections.base(plain.host())).hasToString("http://" + plain.host());
            assertThat(plain.requests()).hasSize(asked);
        }
    }

    @Test
    void a_silent_host_keeps_nobody_else_waiting() throws Exception {
        var accepted = new CountDownLatch(1);
        try (var silent = new ServerSocket(0, 9, InetAddress.ofLiteral("127.0.0.1"));
                var plain = FakeRegistry.start();
                var connections = connections("127.0.0.1:" + silent.getLocalPort(), plain.host());
                var threads = Executors.newCachedThreadPool()) {
            var _ = threads.submit(() -> {
                var _ = silent.accept();
                accepted.countDown();
                return true;
            });
            var waiting = threads.submit(() -> connections.base("127.0.0.1:" + silent.getLocalPort()));
            assertThat(accepted.await(60, TimeUnit.SECONDS)).isTrue();

            assertThat(connections.client(java.net.URI.create("http://" + plain.host())))
                    .isNotNull();
            assertThat(waiting.isDone()).isFalse();
            assertThatThrownBy(waiting::get).hasRootCauseInstanceOf(IOException.class);
        }
    }

    /** Hands connections on, or breaks them when the first byte comes. */
    private static final class Relay implements AutoCloseable {
        private final ServerSocket socket = new ServerSocket(0, 9, InetAddress.ofLiteral("127.0.0.1"));
        private final java.util.concurrent.ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        private final java.util.concurrent.atomic.AtomicInteger broken =
                new java.util.concurrent.atomic.AtomicInteger();

        Relay(int port) throws IOException {
            var _ = threads.submit(() -> {
                while (!socket.isClosed()) {
                    var client = socket.accept();
                    var _ = threads.submit(() -> handle(client, port));
                }
                return true;
            });
        }

        String host() {
            return "127.0.0.1:" + socket.getLocalPort();
        }

        void breakNext(int connections) {
            broken.set(connections);
        }

        private boolean handle(java.net.Socket client, int port) throws Exception {
            try (client) {
                if (broken.getAndDecrement() > 0) {
                    return client.getInputStream().read() >= 0;
                }
                try (var server = new java.net.Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
                    var back = threads.submit(() -> server.getInputStream().transferTo(client.getOutputStream()));
                    client.getInputStream().transferTo(server.getOutputStream());
                    server.shutdownOutput();
                    back.get();
                }
                return true;
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
            threads.shutdownNow();
        }
    }
}
